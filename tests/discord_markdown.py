"""What Discord would make of a text: a reader of its Markdown that knows nothing of how the bot escapes.

After https://docs.discord.com/developers/reference#message-formatting and Discord's help on Markdown. Where clients
differ, what any of them might make live counts as live.
"""

import re
import unicodedata
from collections.abc import Iterator

# What begins a line; after a list's or a quotation's mark another may follow.
BLOCKS = (
    ("small", re.compile(r"[^\S\n]*-#\s"), False),
    ("heading", re.compile(r"[^\S\n]*#{1,3}\s"), False),
    ("quote", re.compile(r"[^\S\n]*>(>>)?\s"), True),
    ("list", re.compile(r"[^\S\n]*([-*+]|\d{1,9}[.)])\s"), True),
)
INLINE = (
    # What is within code is shown as it is; a mark without its partner might still find one.
    ("code", re.compile(r"(`+)(?:[\s\S]*?[^`])\1(?!`)|`+")),
    ("mention", re.compile(r"<(@[!&]?|#)\d+>|@everyone|@here")),
    ("command", re.compile(r"</[^>\n]*:\d+>")),
    ("emoji", re.compile(r"<a?:\w+:\d+>")),
    ("time", re.compile(r"<t:-?\d+(:\w)?>")),
    ("guide", re.compile(r"<(id|sound):[^>\n]*>")),
    ("address", re.compile(r"<?(?i:https?|discord|steam|ftp)://[^\s<>]+|<(mailto|tel):[^>]+>|<\+\d+[^>]*>")),
    ("spoiler", re.compile(r"\|\|")),
    ("mark", re.compile(r"\*+|~~|_+")),
)
# Words before a space: no address begins with them.
PLAIN = re.compile(r"[^\W_]+(?=[ ,])")
ESCAPED = re.compile(r"\\[^0-9A-Za-z\s]")
# A label may run over lines; in it, what is escaped ends nothing.
LINK = re.compile(r"\[((?:\\.|[^\]\\])*)\]\(\s*<?([^\s)>]*)>?[^)]*\)", re.DOTALL)
# Format characters that are seen: Arabic, Syriac and Kaithi signs for numbers.
SEEN = set("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
JOINERS = set("\u200c\u200d")


def live(text: str) -> Iterator[tuple[str, str]]:
    """Everything in a text that is more than its letters: the sort of thing, and what it is."""
    at, starts = 0, True
    while at < len(text):
        if starts:
            starts = False
            for name, pattern, nests in BLOCKS:
                if found := pattern.match(text, at):
                    yield name, found[0]
                    at, starts = found.end() - found[0].endswith("\n"), nests
                    break
            else:
                continue
            continue
        if found := ESCAPED.match(text, at) or PLAIN.match(text, at):
            at = found.end()
            continue
        if found := LINK.match(text, at):
            yield "link", found[2]
            yield from live("x" + found[1])  # not at the start of a line
            at = found.end()
            continue
        for name, pattern in INLINE:
            if found := pattern.match(text, at):
                yield name, found[0]
                at = found.end()
                break
        else:
            if unseen(text[at]):
                yield "unseen", text[at]
            starts = text[at] == "\n"
            at += 1


def unseen(letter: str) -> bool:
    """Whether a character shows nothing, or turns what stands around it."""
    if letter in "\n\t" or letter in SEEN or letter in JOINERS:
        return False
    return unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def units(text: str) -> int:
    """UTF-16 units: the most that Discord could count a text for."""
    return len(text.encode("utf-16-le")) // 2
