"""Find a name that somebody typed, misspellings forgiven."""

from collections.abc import Mapping

from rapidfuzz import fuzz, process, utils

# How alike two spellings must be (0 to 100) to be the same name, and to be worth offering:
# "henepin" and "Hennepin" are 93, "Lake" and "Lac qui Parle" 35.
SAME = 80
NEAR = 70


def closest(text: str, names: Mapping[str, str], limit: int = 25) -> list[str]:
    """Ids in the order in which a person typing `text` would want them offered; all of them for an empty text.

    `names` maps each spelling to an id; an id stands once in the result.
    """
    typed = utils.default_process(text)
    folded = {name: utils.default_process(name) for name in names}
    starting = [name for name in names if folded[name].startswith(typed)]
    holding = [name for name in names if all(word in folded[name] for word in typed.split())]
    alike = process.extract(typed, folded, scorer=fuzz.WRatio, limit=limit, score_cutoff=NEAR) if len(typed) > 2 else []
    ordered = [*starting, *holding, *(name for _, _, name in alike)]
    return list(dict.fromkeys(names[name] for name in ordered))[:limit]


def resolve(text: str, names: Mapping[str, str]) -> str | None:
    """The id that a text means: an id itself, a name, or a name that is nearly the same."""
    typed = utils.default_process(text)
    for name, record_id in names.items():
        if typed and typed in {utils.default_process(name), utils.default_process(record_id)}:
            return record_id
    best = process.extractOne(text, names.keys(), scorer=fuzz.ratio, processor=utils.default_process, score_cutoff=SAME)
    return names[best[0]] if best else None
