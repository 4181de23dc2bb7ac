"""Read a file that somebody attached: bounded, and refused whole with one sentence when anything about it is off."""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import yaml

from bot.catalog.reader import MAX_BYTES, MAX_DEPTH, Lines, RefusedError, compose, plain
from bot.fields import fields_of, with_texts

MAX_ROWS = 10_000
# Parsing YAML takes some ten times as long as JSON, and people wait for the answer.
MAX_YAML_BYTES = 3_000_000
MAX_CELL = 5_000
# Lines, commas and brackets: what is parsed takes memory for each of them. The whole record as JSON has some 100,000,
# YAML takes three times as much for each, and the machine may have half a gigabyte in all.
MAX_ENTRIES = 300_000
MAX_YAML_ENTRIES = 100_000
MAX_COLUMNS = 1000
# Texts of one record; each of them may be told to be wrong, in a sentence of its own.
MAX_IN_RECORD = 500
# In JSON: a text, or a mark outside of texts. A text that does not end is one all the same, or finding that out at each
# of its quotes would take for ever.
JSON_MARK = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"?|[\[{\]}]', re.DOTALL)
NO_TEXT = {
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"%PDF": "a PDF",
    b"\xd0\xcf\x11\xe0": "an Office file",
}
MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
# How a spreadsheet tells a formula, in ordinary and full-width letters.
FORMULA = re.compile(r"\s*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]")
# What an export makes of it, so that it is none; and of what looks so already.
INERT = re.compile(r"'+" + FORMULA.pattern)


def read_import(filename: str, data: bytes, sort: str) -> list[dict[str, Any]]:
    """The records of a YAML, JSON or CSV file, not yet checked. Raises RefusedError with what is wrong and where."""
    text = _text(filename, data)
    ending = filename.rpartition(".")[2].lower()
    if ending in {"yaml", "yml"}:
        found = _from_yaml(text)
    elif ending == "json":
        found = _from_json(text, sort)
    elif ending == "csv":
        found = list(_from_csv(text, sort))
    else:
        raise RefusedError(1, "is none of .yaml, .json and .csv: export one with /export to see how they look")
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise RefusedError(1, "must be a list of records with named fields")
    if not found:
        raise RefusedError(1, "holds no record")
    if len(found) > MAX_ROWS:
        raise RefusedError(1, f"holds {len(found)} records: at most {MAX_ROWS} at a time")
    [(name, times)] = Counter(str(item.get("id")) for item in found).most_common(1)
    if times > 1:
        raise RefusedError(1, f"has the id '{name[:60]}' twice: keep one of the two")
    if any(_size(item) > MAX_IN_RECORD for item in found):
        raise RefusedError(1, f"has a record with more than {MAX_IN_RECORD} entries: split it")
    # Only an escape brings one in: bytes that spell one are no UTF-8.
    if re.search(r"\\u", text, re.IGNORECASE) and re.search("[\ud800-\udfff]", json.dumps(found, ensure_ascii=False)):
        raise RefusedError(1, "holds half a letter (a lone surrogate): type that text again by hand")
    return found


def _size(value: Any) -> int:
    """How many parts a value has, its own included."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(_size, parts))


def _text(name: str, data: bytes) -> str:
    if len(data) > MAX_BYTES:
        raise RefusedError(1, "is larger than 5 MB: split it")
    if name.lower().endswith((".yaml", ".yml")) and len(data) > MAX_YAML_BYTES:
        raise RefusedError(1, "is larger than 3 MB, which is the most for YAML: split it, or use JSON")
    for magic, what in NO_TEXT.items():
        if data.startswith(magic):
            raise RefusedError(1, f"is {what}, not a text: attach the file that is in it")
    if data.startswith(MARKS):
        raise RefusedError(1, "starts with a byte order mark: save it as 'UTF-8', not as 'UTF-8 with BOM' or 'Unicode'")
    if b"\0" in data:
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise RefusedError(line, "holds a NUL character: save it as plain text with the encoding UTF-8")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise RefusedError(line, "is not UTF-8 text: save it with the encoding UTF-8") from None
    if not text.strip():
        raise RefusedError(1, "is empty")
    entries = sum(map(text.count, "\n,[{"))
    if entries > (MAX_YAML_ENTRIES if name.lower().endswith((".yaml", ".yml")) else MAX_ENTRIES):
        raise RefusedError(1, "has too many entries for one file: split it")
    return text


def _from_yaml(text: str) -> Any:
    # Counted before it is parsed: what has too many records need not be read whole.
    if len(re.findall(r"(?m)^- ", text)) > MAX_ROWS:
        raise RefusedError(1, f"holds more than {MAX_ROWS} records: split it")
    try:
        return plain(compose(text), Lines(), ())
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or "cannot be read as YAML"
        raise RefusedError(mark.line + 1 if mark else 1, f"is not valid YAML: {what}") from None
    except RecursionError:
        raise RefusedError(1, "is nested too deeply") from None


def _from_json(text: str, sort: str) -> Any:
    depth = deepest = 0
    for mark in JSON_MARK.finditer(text):
        if mark.end() - mark.start() > 6 * MAX_CELL:  # an escaped letter takes six
            line = text[: mark.start()].count("\n") + 1
            raise RefusedError(line, f"has a text of more than {MAX_CELL} characters, or one that does not end")
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark[0], 0)
        deepest = max(deepest, depth)
        if deepest > MAX_DEPTH:
            raise RefusedError(text[: mark.start()].count("\n") + 1, "is nested too deeply: look for a stray bracket")

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) < len(pairs):
            keys = [key for key, _ in pairs]
            doubled = next(key for key in keys if keys.count(key) > 1)
            raise RefusedError(1, f"has the field '{doubled}' twice in one record: remove one")
        return dict(pairs)

    def never(constant: str) -> None:
        raise RefusedError(1, f"holds {constant}, which is no JSON: write texts in quotes")

    try:
        found = json.loads(text, object_pairs_hook=once, parse_constant=never)
    except json.JSONDecodeError as error:
        raise RefusedError(error.lineno, f"is not valid JSON: {error.msg}") from None
    except (RecursionError, ValueError):
        raise RefusedError(1, "cannot be read as JSON") from None
    return found.get(sort, found) if isinstance(found, dict) else found


def _from_csv(text: str, sort: str) -> Iterator[dict[str, Any]]:
    fields = fields_of(sort)
    rows = csv.reader(_narrow(text), strict=True)
    header: list[str] = []
    try:
        for number, row in enumerate(rows):
            line = rows.line_num
            if number > MAX_ROWS:
                raise RefusedError(line, f"holds more than {MAX_ROWS} records: split it")
            if not header:
                header = row
                if unknown := [name for name in header if name not in fields and name != "id"]:
                    raise RefusedError(1, f"has a column '{unknown[0][:40]}', which is no field of a {sort}")
                if "id" not in header or len(set(header)) < len(header):
                    raise RefusedError(1, "needs a first line that names each column once, with a column 'id'")
                continue
            if len(row) != len(header):
                raise RefusedError(line, f"has {len(row)} cells in this row, but {len(header)} columns")
            for cell in row:
                if len(cell) > MAX_CELL:
                    raise RefusedError(line, f"has a cell of {len(cell)} characters: at most {MAX_CELL}")
                if FORMULA.match(cell):
                    raise RefusedError(line, f"has a cell that a spreadsheet reads as a formula: {cell[:20]!r}")
            texts = {name: cell[1:] if INERT.match(cell) else cell for name, cell in zip(header, row, strict=True)}
            yield with_texts({"id": texts["id"]}, [f for f in fields.values() if f.path in texts], texts)
    except csv.Error as error:
        raise RefusedError(rows.line_num, f"is not valid CSV: {error}") from None


def _narrow(text: str) -> Iterator[str]:
    """The lines of a text one by one; a row is given no room for more columns than any record has."""
    for number, line in enumerate(re.finditer(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text), 1):
        if line[0].count(",") > MAX_COLUMNS:
            raise RefusedError(number, f"has more than {MAX_COLUMNS} columns in this row")
        yield line[0]


def inert(cell: str) -> str:
    """A cell that no spreadsheet reads as a formula."""
    return "'" + cell if FORMULA.match(cell) or INERT.match(cell) else cell
