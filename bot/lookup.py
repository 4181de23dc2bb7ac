"""Find a name that somebody typed, misspellings forgiven."""

from collections.abc import Mapping

from rapidfuzz import fuzz, process, utils

# Below this, two names are different names: "Lake" and "Lac qui Parle" score 51, "henepin" and "Hennepin" 93.
SAME = 80
NEAR = 50


def closest(text: str, names: Mapping[str, str], limit: int = 25) -> list[str]:
    """Ids by name in the order of likeness to a text; all of them, by name, for an empty one.

    `names` maps each spelling to an id; an id stands once in the result.
    """
    if not text.strip():
        return list(dict.fromkeys(names.values()))[:limit]
    found = process.extract(
        text, names.keys(), scorer=fuzz.WRatio, processor=utils.default_process, limit=None, score_cutoff=NEAR
    )
    return list(dict.fromkeys(names[name] for name, _, _ in found))[:limit]


def resolve(text: str, names: Mapping[str, str]) -> str | None:
    """The id that a text means: an id itself, a name, or a name that is nearly the same."""
    wanted = utils.default_process(text)
    for name, record_id in names.items():
        if wanted and wanted in {utils.default_process(name), utils.default_process(record_id)}:
            return record_id
    best = process.extractOne(text, names.keys(), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=SAME)
    return names[best[0]] if best else None
