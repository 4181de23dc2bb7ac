"""Write records back into YAML as it stands in data/: only the blocks of records that have changed."""

import json
import re
import textwrap
from collections.abc import Mapping
from typing import Any

import yaml

from bot.catalog.reader import Loader

WIDTH = 110
# What begins a record of a list, and what runs up to the next one.
BLOCK = re.compile(r"^- .*\n(?:(?!^- ).*\n?)*", re.MULTILINE)
ID = re.compile(r"^- id: *[\"']?([a-z0-9-]+)")


def block(raw: Mapping[str, Any]) -> str:
    """One record as a block of a list."""
    lines = [line for name, value in raw.items() for line in _field(name, value)]
    return "- " + lines[0] + "\n" + "".join(f"  {line}\n" for line in lines[1:])


def document(records: list[Mapping[str, Any]]) -> str:
    """A list of records."""
    return "".join(block(raw) for raw in records) or "[]\n"


def rewritten(text: str, changes: Mapping[str, Mapping[str, Any] | None]) -> str:
    """A file with the blocks of some records, by id, replaced, taken away or added at its end; the rest byte for byte.

    A comment above a record stands in the block before it, and so stays.
    """
    left = dict(changes)

    def replaced(found: re.Match[str]) -> str:
        name = ID.match(found[0])
        if name is None or name[1] not in left:
            return found[0]
        raw = left.pop(name[1])
        comments = re.search(r"(?:^(?:#.*)?\n)*\Z", found[0], re.MULTILINE)
        return (block(raw) if raw else "") + (comments[0] if comments else "")

    result = BLOCK.sub(replaced, text if text.strip() != "[]" else "")
    added = "".join(block(raw) for raw in left.values() if raw)
    if added and result and not result.endswith("\n"):
        result += "\n"
    return (result + added) if (result + added).strip() else "[]\n"


def _field(name: str, value: Any) -> list[str]:
    if isinstance(value, str):
        if name == "statement" and len(value) > WIDTH - 14 and _folds(value):
            return [f"{name}: >-", *(f"  {line}" for line in textwrap.wrap(value, WIDTH - 4, **_WHOLE_WORDS))]
        return [f"{name}: {_scalar(value)}"]
    if isinstance(value, Mapping):
        return [f"{name}:", *(f"  {line}" for key, inner in value.items() for line in _field(key, inner))]
    if all(isinstance(entry, str) for entry in value):
        flow = f"{name}: [{', '.join(_scalar(entry, flow=True) for entry in value)}]"
        if len(flow) < WIDTH and name not in {"plain", "colloquial", "spanish"}:
            return [flow]
        return [f"{name}:", *(f"  - {_scalar(entry)}" for entry in value)]
    if all(isinstance(inner, str) for entry in value for inner in entry.values()):
        return [f"{name}:", *(f"  - {_flow(entry)}" for entry in value)]
    lines = [f"{name}:"]
    for entry in value:
        first, *rest = [line for key, inner in entry.items() for line in _field(key, inner)]
        lines += [f"  - {first}", *(f"    {line}" for line in rest)]
    return lines


_WHOLE_WORDS: dict[str, Any] = {"break_long_words": False, "break_on_hyphens": False}


def _folds(text: str) -> bool:
    """Whether a text comes back the same from a folded block."""
    return "  " not in text and text == text.strip()


def _flow(entry: Mapping[str, str]) -> str:
    return "{" + ", ".join(f"{key}: {_scalar(value, flow=True)}" for key, value in entry.items()) + "}"


def _scalar(text: str, *, flow: bool = False) -> str:
    """A text without quotes where it then reads the same, or else in quotes."""
    try:
        node: Any = yaml.compose(f"[{text}]" if flow else f"- {text}", Loader=Loader)
        [read] = node.value
        plain = isinstance(read, yaml.ScalarNode) and read.value == text and not read.style
    except (yaml.YAMLError, ValueError):
        plain = False
    # What is a number or a date to other readers is a text here: everything is read as text.
    plain = plain and not text.startswith(("!", "&", "*")) and "#" not in text
    return text if plain else json.dumps(text, ensure_ascii=False)
