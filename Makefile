# Two commands: `make demo` (the real bot in a browser page, no token) and `make test`. Each sets up what it needs.
PYTHON ?= python3
PORT ?= 8099
VENV := .venv

AUDIT := $(VENV)/audit

.PHONY: setup demo test check lint bench load fit vectors audit sbom lock

setup: $(VENV)/.ready

$(VENV)/.ready: requirements-dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Footnote needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' || { echo "Python's venv is missing: on Debian, apt install python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.txt
	@touch $@

demo: setup
	@$(VENV)/bin/python -m bot demo --port $(PORT)

test: setup
	$(VENV)/bin/python -m pytest

lint: setup
	$(VENV)/bin/python -m ruff check .
	$(VENV)/bin/python -m ruff format --check .
	$(VENV)/bin/python -m mypy

check: setup
	$(VENV)/bin/python -m bot check

# Prints how often the right fact comes first, how fast a reply is, how search grows, and who waits for an import; takes
# some five minutes.
bench: setup
	$(VENV)/bin/python -m tests.bench

# Prints a line a minute and a verdict; `MINUTES=5` for less.
load: setup
	$(VENV)/bin/python -m tests.load --minutes $(or $(MINUTES),60)

# After a change of words or facts: reads new texts into data/vectors.npz, then fits data/weights.yaml.
fit: vectors
	$(VENV)/bin/python -m tests.bench.fit

vectors: setup
	$(VENV)/bin/python -m bot vectors

$(AUDIT)/.ready: requirements-audit.txt
	$(PYTHON) -m venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-audit.txt
	@touch $@

# Known weaknesses in what is locked, and in the workflows. Asks the package index's list of advisories.
audit: $(AUDIT)/.ready
	$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.txt -r requirements-dev.txt \
		-r requirements-audit.txt
	$(AUDIT)/bin/zizmor --offline .github

# What the running bot is made of, with hashes, in CycloneDX's form.
sbom: $(AUDIT)/.ready
	$(AUDIT)/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --output-reproducible \
		--short-PURLs --output-file sbom.cdx.json

# Needs uv. The files must name no package index, so that they install from whichever one a machine uses.
lock:
	uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" -o requirements.txt
	uv pip compile pyproject.toml --extra dev --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" -o requirements-dev.txt
	uv pip compile --group pyproject.toml:audit --universal --python-version 3.11 --generate-hashes \
		--custom-compile-command "make lock" -o requirements-audit.txt
