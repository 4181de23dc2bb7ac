"""Text that imitates: what Discord, or a reader's eye, would take for something else than the words it says.

The one check for forms, imports and the files in data/: `bot/models/fields.py` asks it of every text of a record, the
desk of every reason. It refuses what no honest text needs; `bot/cards/text.py` shows inert whatever has come in all the
same.

Decided: letters that run from right to left (Arabic, Hebrew) may stand in any text, only the controls that turn the
direction of other text may not. Accented letters are stored whole (NFC): a form makes them so, a file is told. The
joiners U+200C and U+200D are refused with all that has no width: a family of emoji is written as its members, and a
Persian word without the joiner.
"""

import json
import re
import unicodedata
from collections.abc import Iterator
from itertools import groupby
from typing import Any

# What a reader cannot see: bidi controls, zero-width characters, fillers, tags.
INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0d\ufeff\uffa0\ufff0-\ufffb\U00013430-\U0001345f"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
# Control characters (ANSI sequences begin with one), lone surrogates and characters of private use.
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff\U000f0000-\U0010ffff]")
# Vietnamese, Hebrew and Arabic put three marks on a letter at most.
MOST_MARKS = 4
# Marks are no word characters to Python; other signs that stand in rows are sorted out afterwards.
_SIGNS = re.compile(rf"[^\w\s\x00-\x7f]{{{MOST_MARKS + 1},}}")
# What Discord makes of text: https://docs.discord.com/developers/reference#message-formatting and its help on Markdown.
MARKUP = {
    r"[a-z][a-z0-9+.-]*:[/\\]{2}|\bwww\.|\bdiscord(?:app)?\.(?:gg|com)/": "has a web address; put it on the source",
    r"\]\(": "has “](”, which makes a link of the words before it; write the words alone",
    r"<(?:[@#/:+]|a:|t:|id:|sound:|mailto:|tel:)|@(?:everyone|here)\b": (
        "has what Discord shows as a mention, a command, an emoji or a time; write it in words"
    ),
    r"^\s*(?:#{1,3}\s|-#|>{1,3}\s|[-*+\u2022]\s|\d+[.)]\s)": (
        "begins like a heading, a quotation or a list; begin with a word"
    ),
    r"\|\|": "has “||”, which hides text; leave it out",
    "`": "has a “`”, which makes code of text; use an apostrophe",
}
_MARKUP = [(re.compile(pattern, re.IGNORECASE | re.MULTILINE), text) for pattern, text in MARKUP.items()]
# Most text has none of the characters without which nothing of the above is there.
_SUSPECT = re.compile(r"[<@`/\\\]|#>*+\u2022]|www\.|^\s*[-\d]", re.IGNORECASE | re.MULTILINE)
# Alphabets with letters that look like Latin ones.
_ALIKE = {"LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "CHEROKEE", "COPTIC", "LISU"}
# Latin letters and digits once more: full-width, and mathematical in twelve type faces.
_TWINS = re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d7ff]")


# Replaced by what Unicode has for that: what a reader cannot see, lest it turn or hide what they do. The two joiners
# stay, which emoji and Persian need in members' own words and which do nothing to the text around them.
_UNSEEN = re.compile(rf"(?![\n\t\u200c\u200d])(?:{CONTROL.pattern}|{INVISIBLE.pattern})")


def imitations(text: str) -> Iterator[str]:
    """What a text holds that imitates other text, in words for whoever wrote it; line breaks are left to the caller."""
    if CONTROL.search(text.replace("\n", "")):
        yield "has a line break or control character; write it as one line of text"
    if _SUSPECT.search(text):
        yield from (told for pattern, told in _MARKUP if pattern.search(text))
    if text.isascii():
        return
    if INVISIBLE.search(text):
        yield "has an invisible character; type it again by hand"
    if max(text) < "\u0250":  # Latin letters alone, as in Spanish
        return
    if not unicodedata.is_normalized("NFC", text):
        yield "has letters stored in two parts; type the accented letters again"
    if any(stacks(text)):
        yield "has a letter with too many marks on it; type it again by hand"
    if _TWINS.search(text):
        yield "has full-width or mathematical letters; type them again by hand"
    for word in re.findall(r"[^\W\d_]*[\u0250-\U0010ffff][^\W\d_]*", text):
        if len(_ALIKE & {unicodedata.name(letter, "").split(" ")[0] for letter in word}) > 1:
            yield f"mixes letters of two alphabets that look alike in “{word[:40]}”; type the word again"


def stacks(text: str) -> Iterator[str]:
    """Each run of more marks than a letter carries."""
    for signs in _SIGNS.findall(text):
        for is_mark, run in groupby(signs, lambda letter: unicodedata.category(letter) in {"Mn", "Me"}):
            if is_mark and len(marks := "".join(run)) > MOST_MARKS:
                yield marks


def visible(text: str) -> str:
    """A text for a terminal or a label: nothing in it is invisible, turns other text around or drowns it in marks."""
    if text.isascii() and text.isprintable():
        return text
    text = _UNSEEN.sub("\ufffd", text)
    for marks in sorted(set(stacks(text)), key=len, reverse=True):
        text = text.replace(marks, marks[:MOST_MARKS])
    return text


def to_json(value: Any) -> str:
    """A line of JSON that a terminal may show and a program reads as it is: what is invisible is written as escapes."""
    return _UNSEEN.sub(lambda found: json.dumps(found[0])[1:-1], json.dumps(value, ensure_ascii=False))
