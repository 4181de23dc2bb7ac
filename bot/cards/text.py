"""What a reply says, before anything knows how it looks: sections of a few sorts of text.

A `Statement` is a stored sentence, byte for byte. All other sorts are the bot's own headings, labels, dates and links.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from bot.models import Source, host_of, visible

# Discord counts 4,000 characters over all text of a message, and fails near 10,000 bytes of it
# (discord-api-docs #8554), which non-Latin letters reach sooner. Room is left for the page line.
MOST_CHARACTERS = 3600
MOST_BYTES = 9000
# A message holds 40 components; a container, a row, five buttons, title and page line are always there.
MOST_SECTIONS = 12


@dataclass(frozen=True)
class Heading:
    """A heading of the bot's own, or a stored title."""

    text: str


@dataclass(frozen=True)
class Statement:
    """A stored statement, byte for byte."""

    text: str


@dataclass(frozen=True)
class Note:
    """Words of the bot's own about itself or the record; never about the world."""

    text: str


@dataclass(frozen=True)
class Link:
    """A piece of small print that may lead to a page."""

    text: str
    url: str | None = None


@dataclass(frozen=True)
class Small:
    """Small print under a statement: labels, dates and links."""

    parts: tuple[Link, ...]


Block = Heading | Statement | Note | Small
CONTINUED = Note("Continued on the next page.")
Section = tuple[Block, ...]
# A source and, where known, the place in it.
Reference = tuple[Source, str | None]


@dataclass(frozen=True)
class Card:
    """A whole reply. `address` names it, so that a button can ask for it again after a restart."""

    title: str
    address: str
    sections: tuple[Section, ...]
    references: tuple[Reference, ...] = ()


def small(*texts: str | Link | None) -> Small:
    """Small print from texts and links; what is empty is left out."""
    return Small(tuple(Link(text) if isinstance(text, str) else text for text in texts if text))


def plain(card: Card) -> str:
    """The whole reply as plain text, for a terminal and for programs."""
    lines = [card.title]
    for section in card.sections:
        lines.append("")
        for block in section:
            if isinstance(block, Small):
                lines.append(
                    "  " + " · ".join(f"{part.text} <{part.url}>" if part.url else part.text for part in block.parts)
                )
            else:
                lines.append(block.text)
    return visible("\n".join(lines))


def pages(card: Card) -> list[tuple[Section, ...]]:
    """The sections page by page, each page within Discord's limits; there is always a first page.

    A section stays whole if it can: first its links are dropped (they are all under "Sources"), and only
    what is still too long is split, between blocks, with a note that it goes on.
    """
    room = _Room(MOST_CHARACTERS, MOST_BYTES).without(_Room(units(title(card)), len(title(card).encode())))
    result: list[tuple[Section, ...]] = []
    page: list[Section] = []
    left = room
    for section in (part for whole in card.sections for part in _fitting(whole, room)):
        size = _size(section)
        if page and (len(page) == MOST_SECTIONS or not left.holds(size)):
            result.append(tuple(page))
            page, left = [], room
        page.append(section)
        left = left.without(size)
    return [*result, tuple(page)]


def title(card: Card) -> str:
    """A card's title as Discord reads it."""
    return "## " + escape(shorten(card.title, 300))


def fits_a_page(section: Section, under: str) -> bool:
    """Whether a section can stand whole on one page under a title."""
    return len(pages(Card(under, "", (section,)))) == 1


@dataclass(frozen=True)
class _Room:
    """Characters and bytes."""

    characters: int
    bytes: int

    def holds(self, other: "_Room") -> bool:
        return self.characters >= other.characters and self.bytes >= other.bytes

    def without(self, other: "_Room") -> "_Room":
        return _Room(self.characters - other.characters, self.bytes - other.bytes)


# A statement and its citation are kept on one page up to this size; a page has room for it and a repeated heading.
_TOGETHER = _Room(2400, 5500)


def _size(section: Section) -> _Room:
    text = markdown(section)
    return _Room(units(text) + 1, len(text.encode()) + 1)


def _fitting(section: Section, room: _Room) -> Iterator[Section]:
    unlinked = tuple(_without_links(block) for block in section)
    whole = next((part for part in (section, unlinked) if room.holds(_size(part))), None)
    if whole is not None:
        yield whole
        return
    headings = [block for block in section[:1] if isinstance(block, Heading)]
    again = tuple(replace(block, text=shorten(block.text, 200) + " (continued)") for block in headings)
    part: list[Block] = []
    left = room.without(_size((CONTINUED,)))
    for group in _groups(section):
        if part and not left.holds(_size(group)):
            yield (*part, CONTINUED)
            part, left = [*again], room.without(_size((CONTINUED, *again)))
        part += group
        left = left.without(_size(group))
    yield tuple(part)


def continued(page: Sequence[Section]) -> bool:
    """Whether the last section of a page goes on on the next one."""
    return bool(page) and CONTINUED in page[-1]


def _groups(section: Section) -> Iterator[Section]:
    """The parts of a section between which it may be split: what stands under a statement stays with it."""
    group: list[Block] = []
    for block in (piece for long in section for piece in _pieces(long)):
        headed = bool(group) and isinstance(group[-1], Heading)
        starts = isinstance(block, Heading) or (isinstance(block, Statement) and not headed)
        if group and (starts or not _TOGETHER.holds(_size((*group, block)))):
            yield tuple(group)
            group = []
        group.append(block)
    yield tuple(group)


def _pieces(block: Block) -> Iterator[Block]:
    """A block cut, between words where it can be, into parts that are sure to fit a page."""
    if isinstance(block, Small):
        line: tuple[Link, ...] = ()
        for part in (replace(part, text=shorten(part.text, 400)) for part in block.parts):
            # Addresses and escaped labels may be long: as many to a line as leave room for the rest.
            if line and len(markdown((Small((*line, part)),))) > 1500:
                yield Small(line)
                line = ()
            line = (*line, part)
        yield Small(line)
        return
    rest = block.text
    # Escaping may double a text, and a letter may take four bytes.
    while len(rest) > 1000:
        cut = rest.rfind(" ", 500, 1000) + 1 or 1000
        yield replace(block, text=rest[:cut])
        rest = rest[cut:]
    yield replace(block, text=rest)


def _without_links(block: Block) -> Block:
    return Small(tuple(Link(part.text) for part in block.parts)) if isinstance(block, Small) else block


def markdown(section: Section) -> str:
    """A section as Discord reads it. Stored text is escaped: it can neither format nor link nor mention."""
    lines = []
    for block in section:
        match block:
            case Heading(text):
                lines.append("### " + escape(text))
            case Small(parts):
                lines.append("-# " + " · ".join(_linked(part) for part in parts))
            case Statement(text) | Note(text):
                lines.append(escape(text))
    return "\n".join(lines)


def _linked(part: Link) -> str:
    if part.url is None or host_of(part.url) is None:
        return escape(part.text)
    # A bracket inside an address would end the link early.
    return f"[{escape(part.text)}]({part.url.replace('(', '%28').replace(')', '%29')})"


# At the start of a line, these would make a heading, a list or small print.
_STARTS = re.compile(r"(?m)^([^\S\n]*)([#\-+]|\d+[.)](?=\s|$))")


def escape(text: str) -> str:
    """Make Markdown, mentions, timestamps, links and what cannot be seen in a text show as they are written."""
    # A colon before a slash would make a link of a bare address.
    return guard(re.sub(r"([\\*_~`|<>\[\]@]|:(?=[/\\]))", r"\\\1", visible(text)))


def guard(escaped: str) -> str:
    """Escaped text that may stand at the start of a line."""
    return _STARTS.sub(lambda found: found[1] + _guarded(found[2]), escaped)


def _guarded(mark: str) -> str:
    return mark[:-1] + "\\" + mark[-1]


def code(text: str) -> str:
    """An id as code, in which Discord reads nothing: short enough never to be cut over two pages."""
    return "`" + shorten(" ".join(text.replace("`", "'").split()), 100) + "`"


def units(text: str) -> int:
    """Characters as Discord may count them: those outside the first plane of Unicode, such as emoji, are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "replace")) // 2


def shorten(text: str, most: int) -> str:
    """A label that fits: cut with an ellipsis, nothing in it invisible. Never used for a statement."""
    text = visible(text)
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"
