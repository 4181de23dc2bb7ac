"""What the bot says of itself: how to use it, what it is, and what it keeps."""

from collections.abc import Iterable, Mapping, Sequence

from bot.cards import parts
from bot.cards.text import Card, Heading, Note, Section, small
from bot.models import Pack


def help_(commands: Mapping[str, str], moderators: Mapping[str, str], pack: Pack) -> Card:
    """What one can ask, with every command."""
    sections: list[Section] = [
        (Note(f"Ask about {pack.scope}."), *(Note(f"/ask question: {example}") for example in pack.examples)),
        (Heading("Commands"), *(Note(f"/{name}: {text}") for name, text in commands.items())),
        (
            Heading("What to expect"),
            Note("Only you see the replies, until you press “Share in channel”."),
            Note(
                "Right-click or long-press a message, then Apps, then “Find facts about this”: what the record holds "
                "on it."
            ),
        ),
        (Heading("For moderators"), *(Note(f"/{name}: {text}") for name, text in moderators.items())),
    ]
    return Card("How to use Footnote", "help:", tuple(sections))


def about(sizes: Mapping[str, int], newest: str | None, pack: Pack, version: str, *, alone: bool = False) -> Card:
    """What this bot is and how far its record reaches."""
    counts = ", ".join(
        f"{sizes[table]} {name}"
        for table, name in {
            "fact": "statements",
            "source": "sources",
            "event": "events",
            "dispute": "disputes",
            "agreement": "agreements",
        }.items()
    )
    reach = parts.day(newest) if newest else "no date"
    sections: list[Section] = [
        (
            Note(
                f"Footnote answers with curated statements about {pack.scope}. Each has its source, its date and, "
                "where one side speaks, its speaker."
            ),
        ),
        (
            Note(
                "It writes no sentence of its own about the world. Where accounts differ it shows every side, in "
                "alphabetical order, and no verdict."
            ),
        ),
        (Note(f"The record holds {counts}. Its newest statement is as of {reach}."),),
        (
            Note(
                "One moderator keeps this record alone: what they write is published without a second pair of eyes."
                if alone
                else "Every edit is read by a second moderator before anybody sees it. /history shows every version."
            ),
        ),
        (Note(f"Version {version}, open source (MIT). No legal advice, no live locations, no private persons."),),
    ]
    return Card("About Footnote", "about:", tuple(sections))


def privacy(tables: Iterable[tuple[str, str, Sequence[str]]]) -> Card:
    """What is stored, from the database's own schema."""
    sections: list[Section] = [
        (
            Note("Your questions are never written down: not to disk, not to a log, with or without your name."),
            Note("A report that you send is kept without who sent it."),
            Note("Of moderators, the history keeps who edited and who approved, until they use /forget-me."),
            Note("Backups hold the same for 30 days at most; what is redacted or forgotten leaves them too."),
            Note(
                "Discord itself carries your commands and can see them. A private reply hides you from members, not "
                "from Discord."
            ),
            Note("“Share in channel” posts a reply for everyone there; Discord may show who shared it."),
        ),
        (Heading("All that the database holds"), small("Printed from the database itself, table by table")),
    ]
    sections += [
        (Note(f"{name}: {purpose}"), small("Columns: " + ", ".join(columns))) for name, purpose, columns in tables
    ]
    return Card("What is stored", "privacy:", tuple(sections))
