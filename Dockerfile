# Footnote in a container: no root, and nothing to write to but /data. compose.yaml runs it; README.md says how.
# The search by meaning needs an x86-64 processor with AVX2; elsewhere it goes by words alone.

# Python 3.11.16 on Debian 12. The digest is what counts: it is the tag's in the Docker library's own list of 25 August 2026,
# https://github.com/docker-library/repo-info/blob/bc9bbb47fc709dc4b29d3b128d66823b953b97a7/repos/python/remote/3.11-slim-bookworm.md
# To renew it: docker buildx imagetools inspect python:3.11-slim-bookworm
FROM python:3.11-slim-bookworm@sha256:fe556eaffd0d96abd8685b83bb8a69addd0dc730fa193669a7df0d49ddcfac02 AS build
COPY requirements.txt /build/
RUN python -m venv /venv \
    && /venv/bin/python -m pip install --no-cache-dir --require-hashes --only-binary :all: -r /build/requirements.txt \
    && /venv/bin/python -m pip uninstall --yes pip setuptools
COPY bot /app/bot
COPY cogs /app/cogs
COPY data /app/data
RUN python -m compileall -q /app/bot /app/cogs

FROM python:3.11-slim-bookworm@sha256:fe556eaffd0d96abd8685b83bb8a69addd0dc730fa193669a7df0d49ddcfac02
RUN useradd --system --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin footnote \
    && install --directory --owner footnote --group footnote --mode 0700 /data
COPY --from=build /venv /venv
COPY --from=build /app /app
WORKDIR /app
# Two heaps at most, where glibc would give each thread one of its own and keep in each what is free.
ENV DATABASE_PATH=/data/footnote.sqlite3 PYTHONDONTWRITEBYTECODE=1 MALLOC_ARENA_MAX=2
USER 10001:10001
VOLUME /data
HEALTHCHECK --interval=1m --timeout=30s --start-period=3m CMD ["/venv/bin/python", "-m", "bot", "health"]
ENTRYPOINT ["/venv/bin/python", "-m", "bot"]
CMD ["run"]
