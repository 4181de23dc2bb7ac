"""`python -m bot export`: write what moderators have edited back into data/, so that a pull request is a clean diff."""

import shutil
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bot.catalog import CatalogError, load_catalog
from bot.catalog.writer import rewritten
from bot.config import Settings, StartError
from bot.exchange import FORMATS, raw
from bot.models import Ref, body_of, record_of, ref_of
from bot.store import Database, files, records

FILES = {
    "source": "sources.yaml",
    "dispute": "disputes.yaml",
    "event": "events.yaml",
    "county": "counties.yaml",
    "agreement": "agreements.yaml",
    "term": "terms.yaml",
}


async def export(settings: Settings, folder: Path, form: str | None) -> int:
    """Write edits into a data folder, or the whole record in another form to standard output. Returns the exit code."""
    database = await Database.open_read_only(settings.database_path)
    try:
        if form:
            held = await records.everything(database)
            sys.stdout.write(FORMATS[form](held))
            return 0
        edited = await files.edited(database)
    finally:
        await database.close()
    done, waiting = write_back(folder, edited)
    for ref in done:
        print(f"written: {ref}")
    for ref in waiting:
        print(f"left alone, because the files have changed it too (decide in /queue): {ref}")
    print(f"{len(done)} records written")
    return 0


def write_back(folder: Path, edited: Mapping[Ref, tuple[str | None, str | None]]) -> tuple[list[Ref], list[Ref]]:
    """Bring a data folder up to the edits: for each record its text now, and the hash of what the files last said.

    Returns the records that were written, and those that the files have changed since. Raises CatalogError when the
    folder is not in order, StartError when it would not be so afterwards; then nothing is written.
    """
    catalog = load_catalog(folder)
    in_files = {ref_of(record): body_of(record) for record in catalog.records()}
    done, waiting = [], []
    changes: dict[Path, dict[str, Mapping[str, Any] | None]] = defaultdict(dict)
    for ref, (body, said) in sorted(edited.items()):
        now = in_files.get(ref)
        if now == body:
            continue
        if files.hashed(now) != (said or files.hashed(None)):
            waiting.append(ref)
            continue
        wanted = raw(record_of(ref.sort, body)) if body else None
        changes[_home(folder, ref, wanted, in_files)][ref.id] = wanted
        done.append(ref)
    texts = {
        path: rewritten(path.read_text("utf-8") if path.exists() else "", found) for path, found in changes.items()
    }
    with tempfile.TemporaryDirectory() as trial:
        copy = Path(shutil.copytree(folder, Path(trial) / "data"))
        for path, text in texts.items():
            (copy / path.relative_to(folder)).write_text(text, "utf-8")
        try:
            after = {ref_of(record): body_of(record) for record in load_catalog(copy).records()}
        except CatalogError as error:
            raise StartError(f"The edits do not fit to these files, so nothing was written:\n{error}") from None
        if wrong := [ref for ref in done if after.get(ref) != edited[ref][0]]:
            raise StartError(f"These would not read the same again, so nothing was written: {wrong[0]}.")
    for path, text in texts.items():
        partial = path.with_name(path.name + ".partial")
        partial.write_text(text, "utf-8")
        partial.replace(path)
    return done, waiting


def _home(folder: Path, ref: Ref, wanted: Mapping[str, Any] | None, in_files: Mapping[Ref, str]) -> Path:
    """The file in which a record stands or will stand."""
    if ref in in_files:
        return _file_of(folder, ref)
    topic = wanted["topic"] if wanted and ref.sort == "fact" else ""
    return folder / (f"facts/{topic}.yaml" if ref.sort == "fact" else FILES[ref.sort])


def _file_of(folder: Path, ref: Ref) -> Path:
    """The file that holds a record now."""
    for path in sorted(folder.glob("facts/*.yaml")) if ref.sort == "fact" else [folder / FILES[ref.sort]]:
        if f"- id: {ref.id}\n" in path.read_text("utf-8"):
            return path
    raise StartError(f"The files hold {ref}, but not as a line '- id: {ref.id}': write it so.")
