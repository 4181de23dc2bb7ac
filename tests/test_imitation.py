"""Text that imitates: refused wherever text comes in, and inert wherever it is shown all the same."""

import json
import os
import random
import re
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot import ui
from bot.__main__ import main
from bot.cards import Card, parts, replies
from bot.cards import text as card_text
from bot.cards.review import proposal_lines, queue_line, revision_lines
from bot.cards.text import Heading, Small, pages
from bot.desk import reviews
from bot.desk.checks import objections
from bot.desk.views import Sheet
from bot.models import (
    Change,
    Dispute,
    Disputed,
    Event,
    Figure,
    Kind,
    Origin,
    Proposal,
    Purpose,
    Ref,
    Revision,
    State,
    imitations,
)
from bot.store import proposals, revisions
from tests import openapi
from tests.conftest import labels_of, parts_of, text_of
from tests.discord_markdown import live, units
from tests.test_cards import TODAY, cited, source
from tests.test_exchange import GOOD_FACT, imported
from tests.test_journeys import FACT, Court, court, folder, simcord_bot

__all__ = ["court", "folder", "simcord_bot"]  # fixtures
LONG = bool(os.environ.get("FOOTNOTE_CAMPAIGN"))

# What imitates, and a piece of the sentence with which it is refused.
REFUSED = {
    "[the law](https://example.org)": "has a web address",
    "[the law](<//example.org>)": "makes a link",
    "see https://example.org": "has a web address",
    "see HTTP://EXAMPLE.ORG": "has a web address",
    "see steam://run/1": "has a web address",
    "see www.example.org": "has a web address",
    "come to discord.gg/abc": "has a web address",
    "<@123456789012345678> says so": "a mention",
    "<@&123456789012345678> says so": "a mention",
    "<#123456789012345678> has it": "a mention",
    "@everyone come": "a mention",
    "come @here": "a mention",
    "use </ask:123456789012345678>": "a mention",
    "<:name:123456789012345678> says so": "a mention",
    "<a:name:123456789012345678> says so": "a mention",
    "at <t:1767225600:R>": "a mention",
    "see <id:guide>": "a mention",
    "# Disputed": "begins like a heading",
    "### Disputed": "begins like a heading",
    "-# Source": "begins like a heading",
    "> quoted": "begins like a heading",
    ">>> quoted": "begins like a heading",
    "- item": "begins like a heading",
    "* item": "begins like a heading",
    "1. item": "begins like a heading",
    "the ||hidden|| word": "hides text",
    "the `code` word": "makes code",
    "```ansi": "makes code",
    "red \x1b[31mwords": "control character",
    "a bell \x07": "control character",
    "half \ud800 a letter": "control character",
    "a private \ue000 sign": "control character",
    "z\u0301\u0301\u0301\u0301\u0301algo": "too many marks",
    "the \u041cinnesota law": "alphabets that look alike",
    "the \uff21gency": "full-width",
    "the \U0001d400gency": "full-width",
    "cafe\u0301": "stored in two parts",
}
# https://www.unicode.org/reports/tr9/#Explicit_Directional_Embeddings, and those that have no width.
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
NO_WIDTH = "\u00ad\u034f\u115f\u1160\u180e\u200b\u200c\u200d\u2060\u2061\u2062\u2063\u2064\u206a\ufeff\u3164\uffa0"
ALLOWED = (
    "¿Qué es un «detainer»? “Sí”, dijo.",
    "Sheriff’s office, Minn. Stat. § 631.50, subd. 1(a)",
    "2026 report: 3-2 vote, fewer than 5 < 6, 50 % – or more",
    "#1 of 87 counties [sic] (see note)",
    "القانون لا يسمح بذلك.",
    "החוק אינו מתיר זאת.",
    "Luật không cho phép điều đó.",
    "中文里的ICE法律",
    "закон и право",
    "a 🙏🏽 and a ⚖️",
)


@pytest.mark.parametrize("text", REFUSED)
def test_what_imitates_is_refused_with_a_clear_sentence(text: str) -> None:
    told = list(imitations(text))
    assert any(REFUSED[text] in sentence for sentence in told)
    assert all(re.match(r"(has|begins|mixes) .*; (put|write|type|begin|leave|use) ", sentence) for sentence in told)


def test_every_bidi_control_and_every_character_without_width_is_refused() -> None:
    assert len(BIDI) == 12
    for letter in BIDI + NO_WIDTH:
        assert any("invisible" in told for told in imitations(f"jail{letter}ers")), hex(ord(letter))


@pytest.mark.parametrize("text", ALLOWED)
def test_ordinary_text_in_any_language_is_not(text: str) -> None:
    assert list(imitations(text)) == []


# The same check wherever text comes in


@pytest.mark.parametrize("text", [text for text in REFUSED if text.isprintable()])
def test_the_check_of_the_files_refuses_it(text: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    quoted = text.replace("'", "''")
    path = folder / "sources.yaml"
    path.write_text(re.sub(r"title: .*", f"title: '{quoted}'", path.read_text("utf-8"), count=1), "utf-8")
    assert main(["check", "--data", str(folder)]) == 1
    assert f"title {next(iter(imitations(text)))}" in capsys.readouterr().out


async def test_forms_reasons_and_imports_refuse_it_and_keep_nothing(court: Court) -> None:
    for text in (
        "See [the memo](https://evil.example).",
        "Ask <@123> about it, and @everyone.",
        "The \u202ejail may hold nobody.",
    ):
        told = next(iter(imitations(text)))
        opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
        answer = await court.form(court.pia, opened, statement=text, why="Because.")
        assert f"statement {told}" in unescaped(text_of(answer))
        opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
        answer = await court.form(court.pia, opened, statement="The jail may hold nobody past release.", why=text)
        assert f"why {told}" in unescaped(text_of(answer))
        answer = await court.slash(court.pia, "fact retire", fact=FACT, why=text)
        assert f"why {told}" in unescaped(answer.content)
        file = GOOD_FACT.replace("The zoning board counts every otter.", f'"{text}"')
        refused = await imported(court, "a.yaml", file.encode())
        assert f"statement {told}" in unescaped(text_of(refused.response))
    court.errors_were_answers()
    assert await court.bot.database.read("SELECT * FROM proposal") == []


async def test_accents_that_a_keyboard_stores_in_two_parts_are_put_together(court: Court) -> None:
    opened = await court.pia.slash(court.channel, "fact edit", fact=FACT)
    preview = await court.form(court.pia, opened, statement="The sheriff said “prisio\u0301n” in his memo.", why="New.")
    assert "“prisi\u00f3n”" in text_of(preview)


def unescaped(text: str) -> str:
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text)


# What is shown

PIECES = (
    *(
        "<@1>",
        "<@!22>",
        "<@&3>",
        "<#4>",
        "@everyone",
        "@here",
        "</ask:1>",
        "<:a:1>",
        "<a:b:1>",
        "<t:1:R>",
        "<id:guide>",
    ),
    *("[a](https://evil.example)", "[a\nb](https://evil.example)", "[a]", "(https://evil.example)", "](", "[", ")"),
    *("https://evil.example", "HTTP://EVIL.EXAMPLE", "<https://evil.example>", "steam://run", "://", ":/", "//", ":"),
    *(
        "\n# h",
        "\n### h",
        "\n-# s",
        "\n> q",
        "\n>>> q",
        "\n- i",
        "\n* i",
        "\n+ i",
        "\n1. i",
        "\n22) i",
        "\n  - i",
        "# ",
        "- ",
    ),
    *("||s||", "`c`", "```\nx\n```", "**b**", "__u__", "~~s~~", "*", "_", "~", "|", "`", "<", ">", "@", "#", "-", "1."),
    *(
        "\\",
        "\\\\",
        "\\<@1>",
        "\n",
        "\n\n",
        " ",
        "  ",
        "\t",
        "\r",
        "\0",
        "\x1b[31m",
        "\x85",
        "\u2028",
        "\ud800",
        "\ue000",
    ),
    *BIDI,
    *NO_WIDTH,
    *("\u0301" * 9, "e\u0301", "🙂", "👨‍👩‍👧", "字", "ﷺ", "س", "é", "½", "𝐀", "Ａ", "\U000e0041", "\ufe0f"),
    *("word ", "a", "jail ", "xn--e1afmkfd.example", "\u0430pple.com", "0", "x" * 80, "y " * 40),
)
URLS = (
    "https://example.org/a",
    "https://example.org/a_(b)_[c]",
    "https://\u0430pple.com/",
    "https://xn--pple-43d.com/",
    "https://good.org@evil.example/",
    "javascript:alert(1)",
    "https://example.org/\u202egpj.exe",
    "https://example.org/) <@1> [x](https://evil.example",
)


class Malice(random.Random):
    """Writes texts of what attacks and what is hard to measure."""

    def text(self, most: int = 12) -> str:
        """A text of some pieces; one in two hundred is very long."""
        return "".join(self.choices(PIECES, k=self.randint(1, most if self.random() > 0.005 else 2000)))


def facts_of_malice(seed: int, count: int) -> Iterable[Card]:
    """Cards of every sort about facts that nobody validated."""
    draw = Malice(seed)
    say = draw.text
    for _ in range(count):
        sources = [
            source(n, title=say(), publisher=say(), author=say(), note=say(), copy_on=say(), url=draw.choice(URLS))
            for n in range(draw.randint(1, 3))
        ]
        figure = Figure.model_construct(counted=say(), value=say(3), unit=say(3)) if draw.random() < 0.3 else None
        fact = cited(
            say(40), sources=sources, speaker=say(), places=(say(3),), figure=figure, kind=draw.choice(list(Kind))
        )
        kind = draw.randrange(5)
        if kind == 0:
            yield replies.source(sources[0], [fact], TODAY)
        elif kind == 1:
            sides = ((say(3), (fact,)), (say(3), (cited(say(), "b", sources, speaker=say()),)))
            record = Dispute.model_construct(id="d", topic="t", question=say(), sides=())
            yield replies.dispute(Disputed(record, sides), TODAY)
        elif kind == 2:
            event = Event.model_construct(id="e", date="2026", until=None, topic="t", title=say(), facts=())
            yield replies.events([(event, [fact])], "", "", None, TODAY)
        else:
            yield Card(say(), "facts:", tuple(parts.entries([fact], TODAY, say())), parts.references([fact]))


def wrong_with(card: Card, *, sources: bool = False) -> list[str]:
    """What a reply shows that it should not, or what of it Discord would refuse."""
    shown = replies.sources(card) if sources else card
    found = []
    for number, page in enumerate(pages(shown)):
        view = ui.Reply(shown, number, sources=sources)
        texts = parts_of(view.to_components(), "content")  # type: ignore[no-untyped-call]
        seen = Counter(sort for text in texts for sort, _ in live(text))
        links = {what for text in texts for sort, what in live(text) if sort == "link"}
        blocks = [block for section in page for block in section]
        own = {
            "heading": 1 + sum(isinstance(block, Heading) for block in blocks),
            "small": sum(isinstance(block, Small) for block in blocks) + (len(pages(shown)) > 1),
            "link": seen["link"],
        }
        found += [f"{sort}: {seen[sort]}" for sort in seen if seen[sort] != own.get(sort, 0)]
        found += [f"link to {url}" for url in links if not url.startswith("https://example.org/a")]
        found += ["empty"] if not all(text.strip() for text in texts) else []
        found += ["too long"] if units("".join(texts)) > 4000 or len("".join(texts).encode()) > 10_000 else []
        found += ["too many parts"] if view.total_children_count > 40 else []
    return found


@pytest.mark.campaign
def test_fuzzed_facts_show_nothing_live_and_always_fit() -> None:
    count = 50_000 if LONG else 120
    for number, card in enumerate(facts_of_malice(7, count)):
        assert wrong_with(card) == [], number
        assert wrong_with(card, sources=True) == [], number


def test_the_check_sees_what_is_live_when_nothing_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_text, "escape", lambda text: text.replace("\ud800", ""))
    seen = " ".join(told for card in facts_of_malice(7, 60) for told in wrong_with(card))
    for sort in ("mention", "link to https://evil", "heading", "address", "list", "quote", "spoiler", "code", "time"):
        assert sort in seen, sort
    assert all(sort in seen for sort in ("command", "emoji", "guide", "mark", "unseen", "small"))


@pytest.mark.campaign
def test_fuzzed_reasons_and_versions_show_nothing_live_to_moderators() -> None:
    draw = Malice(8)
    say = draw.text
    dangerous = {
        "mention",
        "link",
        "address",
        "command",
        "emoji",
        "time",
        "guide",
        "unseen",
        "quote",
        "list",
        "spoiler",
    }
    now = datetime(2026, 1, 5, tzinfo=UTC)
    for number in range(5_000 if LONG else 40):
        ref = Ref("fact", say(3))
        old, new = ({"statement": say(30), "speaker": say(), "places": [say(2), say(2)]} for _ in range(2))
        bodies = [json.dumps(raw) for raw in (old, new)]
        state = draw.choice(list(State))
        found = Proposal(
            1, 1, state, draw.choice(list(Purpose)), say(), None, "2026-01-05T00:00:00Z", None, None, say(), None, None,
            (Change(ref, bodies[1]),),
        )  # fmt: skip
        version = Revision(2, ref, bodies[1], Origin.EDIT, "2026-01-05T00:00:00Z", say(), None, None, None, None)
        lines = [*proposal_lines(found, {ref: bodies[0]}), *revision_lines(version, bodies[0], named=False)]
        lines += [queue_line(found, now), *(f"- {card_text.escape(told)}" for told in objections("why", say()))]
        page, last = 0, 1
        while page < last:
            texts = parts_of(Sheet(lines, page=page).to_components(), "content")  # type: ignore[no-untyped-call]
            seen = [(sort, what) for text in texts for sort, what in live(text)]
            # Lines of the desk's own begin with "- " and "### ".
            assert not [s for s in seen if s[0] in dangerous - {"list"}], (number, seen)
            heads = [line for text in texts for line in text.split("\n") if re.match(r"\s*#{1,3}\s", line)]
            assert all(re.match(r"## Proposal 1: |### (fact `|Version 2)", line) for line in heads), (number, heads)
            assert units("".join(texts)) <= 4000
            assert len("".join(texts).encode()) <= 10_000
            last = int(texts[-1].rpartition(" of ")[2]) if len(texts) > 1 else 1
            page += 1


# As people meet it

EVIL = (
    "# EVIL\n> EVIL\n- EVIL <@1> <@&1> <#1> @everyone </evil:1> <t:1:R> <id:guide> <:evil:1> [EVIL](https://evil.example)"
    " [EVIL\nEVIL](https://evil.example) https://evil.example ||EVIL|| `EVIL` \u202eEVIL\u2066 \x1b[31mEVIL."
)


async def poison(court: Court) -> None:
    """Let every text of the record hold what no form lets in, as if a rule had been made after it."""

    def poisoned(value: Any, name: str = "") -> Any:
        if isinstance(value, dict):
            return {part: poisoned(text, part) for part, text in value.items()}
        if isinstance(value, list):
            return [poisoned(text, name) for text in value]
        evil = {"statement", "speaker", "title", "publisher", "author", "note", "locator", "question", "agency", "by"}
        if name == "url":
            return "https://\u0435xample.org/) [EVIL](https://evil.example"
        return f"{value} {EVIL}" if name in evil | {"counted", "unit", "party", "term"} else value

    held = await revisions.heads(court.bot.database.read)
    changes = [
        Change(ref, json.dumps(poisoned(json.loads(head.body or ""))), head.number) for ref, head in held.items()
    ]
    now = datetime(2026, 1, 5, tzinfo=UTC)
    await court.bot.database.write(lambda writer: revisions.write(writer, changes, Origin.EDIT, now, EVIL, 1, 2))
    await court.bot.refresh_search()


async def test_what_has_come_in_all_the_same_is_inert_in_every_reply(court: Court) -> None:
    await poison(court)
    shown = {
        "ask": {"question": "May a jail hold a person?"},
        "asof": {"date": "2026-01-01", "question": "May a jail hold a person?"},
        "history": {"record": f"fact {FACT}"},
        "changes": {"since": "2026-01-01"},
        "source": {"name": "memo"},
        "dispute": {"topic": "how-many"},
        "events": {},
        "glossary": {"term": "hold"},
        "county": {"name": "Elm"},
        "counties": {},
        "sanctuary": {"place": EVIL[:90]},
    }
    for name, options in shown.items():
        told = (await court.ana.slash(court.channel, name, **options)).response
        assert told
        for label in {"Next", "Sources", "Share in channel"} & set(labels_of(told)):
            await court.ana.click(told, label=label)
    reply = await court.slash(court.ana, "about")
    opened = await court.ana.click(reply, label="Report a problem")
    await court.ana.submit_modal(opened, {"reason": ["Something else"], "words": EVIL})
    queue = await court.slash(court.abe, "queue")
    await court.abe.select(queue, ["1"], custom_id="fm:report:1")
    await court.slash(court.ada, "summary post")
    await court.slash(court.ada, "summary schedule", time="09:00", counties="<@1> @everyone")
    # What a moderator typed before there was this rule.
    change = Change(Ref("fact", FACT), json.dumps({"statement": EVIL, "speaker": EVIL}), 0)
    now = datetime(2026, 1, 1, 23, tzinfo=UTC)
    found = await proposals.add(court.bot.database, Purpose.EDIT, [change], EVIL, court.pia.id, 5, now)
    await reviews.post(court.bot, found, await reviews.chosen_at_home(court.bot))
    opened = await court.abe.click(court.card(), label="Reject")
    told = await court.form(court.abe, opened, reason=EVIL)
    assert "Nothing was decided" in text_of(told)
    await court.pia.slash(court.channel, "import", file=("<@1>.yaml", EVIL.encode()), sort="fact", why="New.")
    seen = 0
    for message in sent(court):
        for text in [message.get("content") or "", *parts_of(message.get("components") or [], "content")]:
            seen += text.count("EVIL")
            assert "something went wrong" not in text
            text = re.sub(r"https://discord.com/channels/[/\d]+", "", text)  # where a summary was posted
            for sort, what in live(text):
                assert sort not in {"address", "spoiler", "command", "emoji", "guide", "unseen", "quote"}, text
                assert sort != "link" or what == "https://example.org/memo", text
                assert sort != "mention" or what.strip("<@&#>") not in {"1", "everyone"}, text
                assert sort != "time" or what != "<t:1:R>", text
            assert not re.search(r"(?m)^\s*(#{1,3}|-|>) EVIL", text), text
    assert seen > 100
    court.errors_were_answers()


# What could call people


async def test_every_kind_of_message_calls_nobody(court: Court) -> None:
    about = await court.slash(court.ana, "about")
    await court.ana.click(about, label="Share in channel")
    county = await court.slash(court.ana, "county", name="Elm")
    await court.ana.click(county, label="Sources")
    await court.slash(court.ana, "dispute", topic="zzz")
    await court.ana.slash(court.channel, "asof", date="2026-01-01", question="May a jail hold a person?")
    card = await court.edited("The jail may hold nobody past release.")
    await court.abe.click(card, label="Approve")
    await court.slash(court.ada, "summary post")
    court.errors_were_answers()
    kinds = {
        (request.method, re.sub(r"[^/]*\d{5,}[^/]*", "*", request.path), (request.json or {}).get("type"))
        for request in court.env.http_requests
        if isinstance(request.json, dict) and "allowed_mentions" in str(request.json)
    }
    assert kinds >= {
        ("POST", "/interactions/*/*/callback", 4),
        ("POST", "/interactions/*/*/callback", 7),
        ("POST", "/channels/*/messages", None),
        ("PATCH", "/webhooks/*/*/messages/@original", None),
    }


@pytest.mark.parametrize("mentions", [None, {"parse": ["users"]}, {"parse": [], "users": ["1"]}])
def test_the_check_sees_a_message_that_could_call_somebody(mentions: Any) -> None:
    body = {"content": "<@1>"} | ({"allowed_mentions": mentions} if mentions else {})
    assert "body.allowed_mentions may ping somebody" in openapi.faults("POST", "/channels/1/messages", body)


def sent(court: Court) -> Iterable[dict[str, Any]]:
    """The bodies of all messages that the bot sent."""
    for request in court.env.http_requests:
        if isinstance(request.json, dict):
            yield request.json.get("data") or request.json
