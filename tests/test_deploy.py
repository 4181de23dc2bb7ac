"""The container, the systemd unit and the workflow: what they must not be able to do is written in them."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.__main__ import WRONG_SETTING
from bot.config import ROOT

UNIT = ROOT / "deploy" / "footnote.service"
BARE = "[Service]\nExecStart=/bin/true\n"
needs_systemd = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="there is no systemd here")


def settings_of(unit: str) -> dict[str, list[str]]:
    """The lines of a unit by their names."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"(?m)^(\w+)=(.*)$", unit):
        found.setdefault(name, []).append(value)
    return found


def exposure(path: Path) -> float:
    """How much a unit may do, from 0 to 10, as systemd reckons it."""
    command = ["systemd-analyze", "security", "--offline=true", str(path)]
    out = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", out)
    assert found, out
    return float(found[1])


@needs_systemd
def test_the_unit_may_do_little_and_has_no_mistakes(tmp_path: Path) -> None:
    assert exposure(UNIT) <= 2.0
    bare = tmp_path / "bare.service"
    bare.write_text(BARE)
    assert exposure(bare) > 9  # a control
    # There is no /opt/footnote where this runs.
    here = tmp_path / "footnote.service"
    here.write_text(UNIT.read_text("utf-8").replace("/opt/footnote/.venv/bin/python", sys.executable))
    checked = subprocess.run(["systemd-analyze", "verify", str(here)], capture_output=True, text=True, check=False)
    mine = [line for line in checked.stderr.splitlines() if "footnote.service" in line]
    assert (checked.returncode, mine) == (0, [])


def test_the_unit_keeps_the_token_and_does_not_start_again_in_vain() -> None:
    unit = settings_of(UNIT.read_text("utf-8"))
    assert unit["LoadCredential"] == ["discord_token:/etc/footnote/discord_token"]
    assert not [value for value in unit["Environment"] if "TOKEN" in value]
    assert unit["RestartPreventExitStatus"] == [str(WRONG_SETTING)]
    # https://docs.discord.com/developers/events/gateway#session-start-limit: 1,000 a day, then the token is reset.
    assert 24 * 60 * 60 / int(unit["RestartSec"][0]) <= 1000
    # With "pid" /proc/cpuinfo is hidden, and on a processor without AVX2 the model would end the process.
    assert "ProcSubset" not in unit


def test_the_image_is_pinned_without_root_and_holds_nothing_but_the_bot() -> None:
    lines = (ROOT / "Dockerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and not line.startswith("#")]
    bases = {rest.split()[0] for word, rest in steps if word == "FROM"}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.\d+-slim-\w+@sha256:[0-9a-f]{64}", bases.pop())
    assert [rest for word, rest in steps if word == "USER"] == ["10001:10001"]
    assert all(word not in {"ADD", "ARG"} for word, _ in steps)
    assert all("TOKEN" not in rest for _, rest in steps)
    for install in (rest for word, rest in steps if word == "RUN" and "pip install" in rest):
        assert "--require-hashes --only-binary :all:" in install
    assert [word for word, rest in steps if '"bot", "health"' in rest] == ["HEALTHCHECK"]
    ignored = [line for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line[:1] not in {"", "#"}]
    copied = {rest.split()[0] for word, rest in steps if word == "COPY" and not rest.startswith("--from")}
    assert ignored[0] == "*"
    assert (
        {line[1:] for line in ignored if line.startswith("!")} == copied == {"requirements.txt", "bot", "cogs", "data"}
    )


def test_the_container_runs_with_as_little_as_the_unit() -> None:
    compose: Any = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
    service = compose["services"]["footnote"]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"] == "512m"
    assert service["secrets"] == ["discord_token"]
    assert service["volumes"] == ["footnote:/data"]
    assert {"max-size", "max-file"} <= set(service["logging"]["options"])
    assert not [name for name in service["environment"] if "TOKEN" in name]
    assert not {"privileged", "cap_add", "network_mode", "pid", "ports"} & set(service)


def test_workflows_name_actions_by_commit_and_may_only_read() -> None:
    for path in (ROOT / ".github" / "workflows").glob("*.yml"):
        text = path.read_text("utf-8")
        workflow: Any = yaml.safe_load(text)
        assert workflow["permissions"] == {}
        assert all(job["permissions"] == {"contents": "read"} for job in workflow["jobs"].values())
        assert "secrets." not in text
        used = re.findall(r"uses: (.*)", text)
        assert used
        for action in used:
            assert re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_every_locked_package_is_exact_and_hashed() -> None:
    for path in ROOT.glob("requirements*.txt"):
        text = path.read_text("utf-8").replace("\\\n", " ")
        packages = [line for line in text.splitlines() if line[:1] not in {"", "#", " "}]
        assert packages
        for line in packages:
            assert re.match(r"[\w.-]+(\[[\w,]+\])?==[\w.+!]+ ", line), line
            assert re.search(r"--hash=sha256:[0-9a-f]{64}", line), line
