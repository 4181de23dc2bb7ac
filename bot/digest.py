"""What a day's summary says: a day in, a card out. Pure: the same day gives the same bytes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from bot.cards import Card, parts
from bot.cards.text import Heading, Note, Section, fits_a_page, small
from bot.models import Cited, Day, Disputed, Entry, Event, Fact, Language, Source

# The bot's own words; statements, names and small print stand as in every other reply.
WORDS: Mapping[Language, Mapping[str, str]] = {
    Language.ENGLISH: {
        "title": "Daily summary, {day}",
        "mended": "Corrected {when}: something below was changed or taken out after this was posted.",
        "missed": "No summary on {day}. {why}",
        "quiet": "Nothing has changed in the record since the last summary.",
        "corrected": "Corrected since the last summary",
        "added": "New in the record",
        "replaced": "Replaced by newer statements",
        "renewed": "Newer sources or dates",
        "retired": "Taken out of the record",
        "agreements": "287(g) agreements with ICE: new or changed entries",
        "today": "Today",
        "ahead": "In the next seven days",
        "disputes": "Disputes that moved",
        "settled": "Listed as disputed no more: {question}",
        "stale": "Passed their review date since the last summary",
        "whole": "{sides} sides. Read them together: /dispute topic:{question}",
        "foot": "General information, not legal advice. Ask with /ask.",
    },
    Language.SPANISH: {
        "title": "Resumen del día, {day}",
        "mended": "Corregido {when}: algo de lo que sigue se cambió o se retiró después de publicarse.",
        "missed": "No hubo resumen el {day}. {why}",
        "quiet": "Nada ha cambiado en el registro desde el último resumen.",
        "corrected": "Corregido desde el último resumen",
        "added": "Nuevo en el registro",
        "replaced": "Reemplazado por declaraciones más recientes",
        "renewed": "Fuentes o fechas más recientes",
        "retired": "Retirado del registro",
        "agreements": "Acuerdos 287(g) con ICE: entradas nuevas o cambiadas",
        "today": "Hoy",
        "ahead": "En los próximos siete días",
        "disputes": "Disputas que cambiaron",
        "settled": "Ya no figura como disputado: {question}",
        "stale": "Pasaron su fecha de revisión desde el último resumen",
        "whole": "{sides} versiones. Léalas juntas: /dispute topic:{question}",
        "foot": "Información general, no asesoría legal. Pregunte con /ask.",
    },
}


def summary(day: Day, language: Language, address: str, corrected: datetime | None = None) -> Card:
    """The card of a day's summary: what went wrong, corrections, other changes, events, disputes, review dates."""
    words = WORDS[language]
    title = words["title"].format(day=_date(day.day, language))
    groups = {name: getattr(day, name) for name in ("corrected", "replaced", "added", "renewed")}
    sections: list[Section] = []
    if corrected:
        sections.append((Note(words["mended"].format(when=f"{_date(corrected, language)}, {corrected:%H:%M} UTC")),))
    sections += [(Note(words["missed"].format(day=_date(on, language), why=why)),) for on, why in day.missed]
    counts = [f"{words[name]}: {len(items)}" for name, items in _counted(day) if items]
    sections.append((small(*counts),) if counts else (Note(words["quiet"]),))
    for name, items in groups.items():
        sections += parts.entries(items, day.day, words[name])
    sections += _retired(day.retired, words["retired"])
    sections += _under(words["agreements"], [parts.agreement(record, sources) for record, sources in day.agreements])
    sections += _under(words["disputes"], [_whole(item, day.day, title, words) for item in day.disputes])
    sections += [(Note(words["settled"].format(question=question)),) for question in day.settled]
    for name, events in (("today", day.today), ("ahead", day.ahead)):
        sections += _under(words[name], _events(events, day.day, title, words))
    sections += _under(words["stale"], [_entry(item, day.day, title, words) for item in day.stale])
    sections.append((small(words["foot"]),))
    return Card(title, address, tuple(sections), parts.references(day.entries, day.agreements))


def _counted(day: Day) -> list[tuple[str, Sequence[object]]]:
    names = ("corrected", "replaced", "added", "renewed", "retired", "agreements", "disputes", "stale")
    return [(name, getattr(day, name)) for name in names]


def _date(on: date, language: Language) -> str:
    return parts.day(f"{on:%Y-%m-%d}") if language is Language.ENGLISH else f"{on:%d/%m/%Y}"


def _under(heading: str, sections: Sequence[Section]) -> list[Section]:
    return [(Heading(heading), *sections[0]), *sections[1:]] if sections else []


def _fits(section: Section, title: str, words: Mapping[str, str]) -> bool:
    """Whether a section fits a page whole, even as the first under a heading."""
    return fits_a_page((Heading(max(words.values(), key=len)), *section), title)


def _retired(facts: Iterable[tuple[Fact, tuple[Source, ...]]], heading: str) -> list[Section]:
    """What was taken out is named by its topic, place and sources: the statement itself is served no more."""
    lines = [
        small(parts.KINDS[fact.kind], fact.topic, *fact.places[:3], *map(parts.source_link, sources[:3]))
        for fact, sources in facts
    ]
    return [(Heading(heading), *lines)] if lines else []


def _entry(item: Entry, today: date, title: str, words: Mapping[str, str]) -> Section:
    return parts.entry(item, today) if isinstance(item, Cited) else _whole(item, today, title, words)


def _whole(item: Disputed, today: date, title: str, words: Mapping[str, str]) -> Section:
    """A dispute with a statement of every side, or with none where they do not fit the pinned page together."""
    section = parts.entry(item, today)
    if _fits(section, title, words):
        return section
    question = item.dispute.question
    where = small(words["whole"].format(sides=len(item.sides), question=question))
    return (Heading("Disputed: " + question), where)


def _events(
    events: Iterable[tuple[Event, Sequence[Entry]]], today: date, title: str, words: Mapping[str, str]
) -> list[Section]:
    """Each event with what is said of it; an event that does not fit a page goes on in sections of its own."""
    found: list[Section] = []
    for event, items in events:
        section = parts.event(event, items, today)
        if _fits(section, title, words):
            found.append(section)
        else:
            found += [parts.event(event, (), today), *(_entry(item, today, title, words) for item in items)]
    return found
