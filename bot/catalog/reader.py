"""Read YAML files into records, and note the file and line of everything that does not fit."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import ValidationError

from bot.catalog.problems import Problem
from bot.models import Record

# The C parser is some ten times faster; a Python built without it still works.
Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
MAX_BYTES = 5_000_000
MAX_DEPTH = 12

R = TypeVar("R", bound=Record)
# The way to a part of a document: field names and list positions.
Place = tuple[str | int, ...]


@dataclass
class Lines:
    """The line of each part of a file, by its path inside the document."""

    by_path: dict[Place, int] = field(default_factory=dict)

    def at(self, path: Sequence[str | int]) -> int:
        """The line of the nearest part that exists: a missing field is told at its record."""
        parts = tuple(path)
        while parts and parts not in self.by_path:
            parts = parts[:-1]
        return self.by_path.get(parts, 1)


class Reader:
    """Reads the files of one folder and keeps what is wrong with them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.problems: list[Problem] = []
        self.where: dict[int, tuple[str, Lines, Place]] = {}

    def paths(self, pattern: str) -> list[Path]:
        """The files of a pattern; it is a problem when there are none."""
        found = sorted(self.folder.glob(pattern))
        if not found:
            self.problems.append(Problem(pattern, 1, "is missing: add the file"))
        return found

    def single(self, name: str, model: type[R]) -> R | None:
        """The one record of a file that is not a list."""
        for path in self.paths(name):
            loaded = self.document(path)
            if loaded is not None:
                return self.record(path, loaded[0], loaded[1], (), model)
        return None

    def records(self, path: Path, model: type[R]) -> Iterator[R]:
        """The records of a list; those that do not fit become problems."""
        loaded = self.document(path)
        if loaded is None:
            return
        content, lines = loaded
        if not isinstance(content, list):
            self.add(path, 1, "must be a list: start each record with '- id: ...'")
            return
        for number, item in enumerate(content):
            record = self.record(path, item, lines, (number,), model)
            if record is not None:
                yield record

    def record(self, path: Path, item: Any, lines: Lines, at: Place, model: type[R]) -> R | None:
        """One part of a file as a record, or None with its problems noted."""
        try:
            record = model.model_validate(item)
        except ValidationError as error:
            name = item.get("id", "?") if isinstance(item, dict) else "?"
            for detail in error.errors(include_url=False):
                place = tuple(part for part in detail["loc"] if not str(part).startswith("function-"))
                self.add(path, lines.at(at + place), f"{name}: {in_words(detail, place, model)}")
            return None
        self.where[id(record)] = (self.name(path), lines, at)
        return record

    def document(self, path: Path) -> tuple[Any, Lines] | None:
        """The parsed content of a file and its lines, or None with the problem noted."""
        try:
            raw = path.read_bytes()
            if len(raw) > MAX_BYTES:
                raise RefusedError(1, "is larger than 5 MB: split it")
            if raw.startswith(b"\xef\xbb\xbf"):
                raise RefusedError(1, "starts with a byte order mark: save it as 'UTF-8', not as 'UTF-8 with BOM'")
            text = raw.decode("utf-8")
            if not text.strip():
                raise RefusedError(1, "is empty: write [] if it should hold no records")
            lines = Lines()
            node = compose(text)
            return plain(node, lines, ()), lines
        except OSError as error:
            self.add(path, 1, f"cannot be read: {error.strerror}")
        except UnicodeDecodeError as error:
            line = raw[: error.start].count(b"\n") + 1
            self.add(path, line, "is not UTF-8 text: save it with the encoding UTF-8")
        except RefusedError as refused:
            self.add(path, refused.line, refused.text)
        except yaml.reader.ReaderError as error:
            line = text[: text.find(chr(error.character))].count("\n") + 1
            self.add(path, line, f"is not valid YAML: {error.reason}; type this line again by hand")
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            what = getattr(error, "problem", None) or "cannot be read as YAML"
            if what == "found unexpected end of stream":
                # A quote that is not closed runs to the end of the file: told where it opens.
                mark = getattr(error, "context_mark", mark)
            if "\\t" in what or "tab" in what:
                what += "; use spaces, not tabs"
            self.add(
                path,
                mark.line + 1 if mark else 1,
                f"is not valid YAML: {what}; look at quotes, colons and indentation here",
            )
        return None

    def name(self, path: Path) -> str:
        """A file's name within the folder."""
        return path.relative_to(self.folder).as_posix()

    def add(self, path: Path, line: int, text: str) -> None:
        """Note a problem."""
        self.problems.append(Problem(self.name(path), line, text))


class RefusedError(Exception):
    """A file that is not read at all, with the line and what to do."""

    def __init__(self, line: int, text: str) -> None:
        self.line, self.text = line, text


def compose(text: str) -> yaml.Node:
    """Parse one document. Aliases are refused because a few of them grow to gigabytes (a YAML bomb)."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=Loader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise RefusedError(line, "uses an anchor or alias (& or *): write the text out, or put it in quotes")
        if getattr(event, "tag", None):
            raise RefusedError(line, "has a text that starts with '!': put it in quotes, or its first word is lost")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise RefusedError(line, "holds more than one document: remove the line '---'")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH:
            raise RefusedError(line, "is nested too deeply: look for a stray bracket or dash")
    node = yaml.compose(text, Loader=Loader)
    if node is None:
        raise RefusedError(1, "holds only comments: write [] if it should hold no records")
    return node


def _line(node: yaml.Node) -> int:
    return node.start_mark.line + 1 if node.start_mark else 1


def plain(node: yaml.Node, lines: Lines, path: Place) -> Any:
    """Turn a node into dicts, lists and strings, noting the line of each part."""
    lines.by_path[path] = _line(node)
    if isinstance(node, yaml.ScalarNode):
        # An empty value ("speaker:") means the field is not given, which is what people mean by it.
        return node.value if node.value or node.style else None
    if isinstance(node, yaml.SequenceNode):
        return [plain(child, lines, (*path, number)) for number, child in enumerate(node.value)]
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        line = _line(key_node)
        if not isinstance(key_node, yaml.ScalarNode):
            raise RefusedError(line, "has a field name that is not plain text")
        if key_node.value in result:
            raise RefusedError(line, f"has the field '{key_node.value}' twice in one record: remove one")
        result[key_node.value] = plain(value_node, lines, (*path, key_node.value))
        lines.by_path[(*path, key_node.value)] = line
    return result


def in_words(detail: Any, place: Place, model: type[Record]) -> str:
    """One pydantic error in words for a volunteer: what is wrong and what to do."""
    name = ".".join(str(part) for part in place) or "the record"
    context = detail.get("ctx", {})
    words: dict[str, Callable[[], str]] = {
        "missing": lambda: f"'{name}' is missing: add it",
        "extra_forbidden": lambda: (
            f"'{name}' is not a field of a {model.__name__.lower()}: check the spelling or remove it"
        ),
        "enum": lambda: f"'{name}' is '{detail['input']}' but must be {context['expected']}",
        "too_short": lambda: f"'{name}' needs at least {context['min_length']} entries",
        "too_long": lambda: f"'{name}' may hold at most {context['max_length']} entries",
        "string_too_short": lambda: f"'{name}' is too short: write at least {context['min_length']} characters",
        "string_too_long": lambda: f"'{name}' is too long: at most {context['max_length']} characters",
        "string_type": lambda: f"'{name}' must be text",
        "tuple_type": lambda: f"'{name}' must be a list: one '- ' line each",
        "model_type": lambda: f"'{name}' must be a record with named fields",
        "model_attributes_type": lambda: f"'{name}' must be a record with named fields",
        "string_pattern_mismatch": lambda: (
            f"'{name}' is '{detail['input']}', which is not written as this field needs (see data/README.md)"
        ),
        "value_error": lambda: f"{name if place else 'it'} {context['error']}" if place else str(context["error"]),
    }
    in_words = words.get(detail["type"])
    return in_words() if in_words else f"'{name}': {detail['msg']}"
