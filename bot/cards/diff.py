"""What differs between two texts, word by word."""

import difflib
import re

from bot.cards.text import escape


def worded(before: str, after: str) -> str:
    """Both texts in one as Discord shows it: what goes is struck through, what comes is bold."""
    old, new = (re.findall(r"\S+|\n", text) for text in (before, after))
    parts: list[str] = []
    for what, start, end, new_start, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if what == "equal":
            parts.append(_joined(old[start:end]))
            continue
        parts += [_marked(old[start:end], "~~"), _marked(new[new_start:new_end], "**")]
    return re.sub(r" *\n[ \n]*", "\n", " ".join(part for part in parts if part)).strip()


def _joined(words: list[str]) -> str:
    return escape(" ".join(words))


def _marked(words: list[str], mark: str) -> str:
    """Words between marks, line by line: a mark of Discord's must not run over the end of a line."""
    lines = (line.strip() for line in " ".join(words).split("\n"))
    return "\n".join(f"{mark}{escape(line)}{mark}" if line else "" for line in lines)
