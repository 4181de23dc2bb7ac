"""What replies say: every statement whole, within Discord's limits, with its citation and nothing of its own."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from bot.cards import Card, pages, parts, plain, replies
from bot.cards.text import Heading, Link, Note, Section, Small, Statement, escape, markdown, shorten, small
from bot.models import (
    Agreement,
    Citation,
    Cited,
    Dispute,
    Disputed,
    Entry,
    Event,
    Fact,
    Figure,
    Jurisdiction,
    Kind,
    Outcome,
    Pack,
    Side,
    Source,
    SourceKind,
    Term,
    visible,
)

TODAY = date(2026, 11, 22)
STATEMENT = "The sheriff wrote that the jail does not hold a person past release."


def source(number: int = 0, **changes: Any) -> Source:
    whole = {
        "id": f"s{number}",
        "title": f"Memo {number}",
        "publisher": "Sheriff",
        "kind": SourceKind.AGENCY,
        "author": None,
        "published": "2026-01-05",
        "url": f"https://example.org/{number}",
        "copy_on": None,
        "note": None,
    }
    return Source.model_construct(**(whole | changes))


def cited(statement: str = STATEMENT, name: str = "a-fact", sources: Sequence[Source] = (), **changes: Any) -> Cited:
    """A fact with its sources. Built without validation: no length, letter or line break is refused."""
    sources = sources or (source(),)
    whole = {
        "id": name,
        "topic": "jails",
        "jurisdiction": Jurisdiction.STATE,
        "places": (),
        "kind": Kind.POLICY,
        "statement": statement,
        "speaker": "Sheriff",
        "figure": None,
        "as_of": "2026-01-05",
        "review_by": "2027-01-01",
        "sources": tuple(Citation.model_construct(id=source.id, locator=None) for source in sources),
        "superseded_by": None,
    }
    return Cited(Fact.model_construct(**(whole | changes)), tuple(sources))


def disputed(**sides: Sequence[Cited]) -> Disputed:
    """A dispute by party and facts, its sides in the order that the store gives them."""
    record = Dispute(
        id="d",
        topic="jails",
        question="How many are held?",
        sides=tuple(Side(party=party, facts=tuple(c.fact.id for c in facts)) for party, facts in sides.items()),
    )
    return Disputed(record, tuple((side.party, tuple(sides[side.party])) for side in record.in_order()))


def card(items: Iterable[Entry], title: str = "What the record says") -> Card:
    return Card(title, "facts:", tuple(parts.entries(items, TODAY)))


def statements(sections: Iterable[Section]) -> str:
    return "".join(block.text for section in sections for block in section if isinstance(block, Statement))


def shown(card: Card, page: Sequence[Section]) -> str:
    """All text of one page, as the reply puts it together."""
    return "\n".join(["## " + escape(card.title), *map(markdown, page), "-# Page 100 of 100"])


def assert_fits(card: Card) -> None:
    """Every page can be sent, and all of them together are the card's statements."""
    turned = pages(card)
    for page in turned:
        text = shown(card, page)
        assert 0 < len(page) <= 12
        assert len(text) <= 4000
        assert len(text.encode()) <= 10_000
    assert statements(section for page in turned for section in page) == statements(card.sections)


# Limits


# Texts of 20,000 characters are not made smaller when a test fails: it would take minutes.
QUICK = (Phase.explicit, Phase.reuse, Phase.generate)
LETTERS = "abc é½字ﷺ🙂 \n\t-#>*_~`|[]()<>@:1.\\"
BIT = st.text(st.sampled_from(LETTERS), min_size=1, max_size=12)


def long(most: int) -> st.SearchStrategy[str]:
    """A text of up to so many characters, of any letters, with or without spaces."""
    return st.builds(lambda bit, times: (bit * times)[:most], BIT, st.integers(1, most))


FACTS = st.builds(
    lambda statement, speaker, publisher, path, sources: cited(
        statement,
        speaker=speaker,
        sources=[source(n, publisher=publisher, url=f"https://example.org/{path}") for n in range(sources)],
    ),
    long(20_000),
    long(300),
    long(300),
    long(480),
    st.integers(1, 4),
)


@settings(max_examples=15, deadline=None, phases=QUICK)
@given(st.lists(FACTS, min_size=1, max_size=3), long(300))
def test_every_page_fits_and_together_they_are_the_statements_byte_for_byte(facts: list[Cited], title: str) -> None:
    whole = card(facts, title)
    assert statements(whole.sections) == "".join(fact.fact.statement for fact in facts)
    assert_fits(whole)


@settings(max_examples=8, deadline=None, phases=QUICK)
@given(st.lists(FACTS, min_size=1, max_size=2), FACTS, long(300))
def test_every_page_of_a_dispute_fits_and_no_side_is_lost(first: list[Cited], second: Cited, party: str) -> None:
    facts = [cited(c.fact.statement, f"f{n}", c.sources, speaker=c.fact.speaker) for n, c in enumerate(first)]
    sides = ((party, tuple(facts)), ("Other", (second,)))
    item = Disputed(Dispute.model_construct(id="d", topic="t", question=party, sides=()), sides)
    whole = Card("Disputed figure or account", "dispute:d", (parts.disputed(item, TODAY),))
    assert statements(whole.sections) == "".join(c.fact.statement for c in [*facts, second])
    assert_fits(whole)


@pytest.mark.parametrize("letter", ["a", "*", "é", "字", "🙂", "\n#", " ", "\u200b"])
@pytest.mark.parametrize("size", [1, 900, 1000, 1001, 3590, 20_000])
def test_any_letter_at_any_length_fits(letter: str, size: int) -> None:
    text = (letter * size)[:size]
    whole = card([cited(text, speaker=text[:300]), cited(text)], text[:300])
    assert_fits(whole)
    assert visible(text) in plain(whole)


@pytest.mark.parametrize("letter", ["*", "🙂", "(", "字"])
def test_longest_sources_fit(letter: str) -> None:
    long_source = source(
        title=letter * 300,
        publisher=letter * 300,
        author=letter * 300,
        copy_on=letter * 300,
        note=letter * 300,
        url="https://example.org/" + letter * 480,
    )
    fact = cited(letter * 900, speaker=letter * 300, sources=[long_source] * 3, places=(letter * 300,) * 3)
    assert_fits(card([fact] * 3, letter * 300))
    listed = Card(letter * 300, "", (), tuple((source(n, title=letter * 300), letter * 300) for n in range(5)))
    assert_fits(replies.sources(listed))
    assert_fits(replies.source(long_source, [fact], TODAY))


def test_statement_of_the_longest_length_keeps_its_links_and_stays_on_one_page() -> None:
    whole = card([cited("a" * 899 + ".") for _ in range(9)])
    for page in pages(whole):
        for section in page:
            assert [type(block) for block in section] == [Statement, Small, Small]
            assert markdown(section).count("](https://example.org/0)") == 1


def test_fifteen_sections_are_turned_over_in_their_order() -> None:
    texts = [f"Statement number {number}." for number in range(15)]
    turned = pages(card([cited(text) for text in texts]))
    assert [len(page) for page in turned] == [12, 3]
    assert [statements([section]) for page in turned for section in page] == texts


def test_card_without_sections_has_one_page() -> None:
    assert pages(Card("Title", "", ())) == [()]


def test_section_that_goes_on_says_so() -> None:
    first, *rest = pages(card([cited("word " * 3000)]))
    assert first[-1][-1] == Note("Continued on the next page.")
    assert len(rest) > 2
    assert "according to Sheriff" in markdown(rest[-1][-1])
    assert all(len(section) == 1 or len(page) > 0 for page in rest for section in page)


def test_long_statement_is_cut_between_words() -> None:
    text = "".join(f"word{number} " for number in range(2000))
    for section in (section for page in pages(card([cited(text)])) for section in page):
        for block in section:
            if isinstance(block, Statement):
                assert re.fullmatch(r"(word\d+ )+", block.text)


# Stored text shows as it is written


MARKS = st.text(st.sampled_from("\\*_~`|<>[]()#-+1.) \n@:&!/tab"), max_size=60)


def unescaped(text: str) -> str:
    """What Discord shows of a text in which nothing is Markdown: a backslash hides before a mark."""
    return re.sub(r"\\([^0-9A-Za-z\s])", r"\1", text)


@settings(deadline=None)
@given(st.one_of(MARKS, st.text(max_size=60)))
def test_escaped_text_shows_as_it_was_written_and_formats_nothing(text: str) -> None:
    assert unescaped(escape(text)) == visible(text)
    left = re.sub(r"\\[^0-9A-Za-z\s]", "x", escape(text))
    assert not re.search(r"[\\*_~`|<>\[\]@]|:[/\\\\]", left)
    assert not re.search(r"^\s*(#|>|[-+]|\d+[.)]\s)", left, re.MULTILINE)


@pytest.mark.parametrize(
    "text",
    [
        "<@123456789012345678>",
        "<@!123456789012345678>",
        "<@&123456789012345678>",
        "<#123456789012345678>",
        "</ask:123456789012345678>",
        "<t:1767225600:R>",
        "<:name:123456789012345678>",
        "<id:customize>",
        "<https://example.org>",
        "[the law](https://example.org)",
        "# Heading",
        "  ## Heading",
        "### Heading",
        "-# small print",
        "- item",
        "+ item",
        "* item",
        "1. item",
        "12) item",
        "> quote",
        ">>> quote",
        "**bold**",
        "__underlined__",
        "_slanted_",
        "~~struck~~",
        "||hidden||",
        "`code`",
        "```py\ncode\n```",
        "\\*already escaped\\*",
        "one\n# two\n- three\n\n> four",
    ],
)
def test_stored_text_never_becomes_markdown(text: str) -> None:
    shown = markdown((Statement(text), Note(text), small(text), Heading(text), Small((Link(text, "https://x.org"),))))
    assert unescaped(shown).count(text) == 5
    assert shown.startswith(escape(text))
    assert not re.search(r"(?m)^\s*(#|>|[-+*]|\d+[.)] )|(?<!\\)[*_~`|<>\[\]]", escape(text))


@pytest.mark.parametrize(
    "text", ["5 - 3 = 2", "Minn. Stat. 631.50, subd. 1(a)", "287(g)", "a 3-2 vote", "1.5", "#1-rated"[1:]]
)
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert escape("On " + text) == "On " + text


def test_title_is_escaped_where_it_stands_in_a_list_of_sources() -> None:
    listed = replies.sources(Card("T", "", (), ((source(title="[free](https://evil.example) *now*"), None),)))
    assert "### 1\\. \\[free\\](https\\://evil.example) \\*now\\*" in markdown(listed.sections[0])


def test_bracket_in_an_address_does_not_end_its_link() -> None:
    shown = markdown((small(Link("Memo (copy)", "https://example.org/a_(b)_[c]")),))
    assert shown == "-# [Memo (copy)](https://example.org/a_%28b%29_[c])"


def test_empty_small_print_is_left_out() -> None:
    assert small("a", None, "", Link("b")) == Small((Link("a"), Link("b")))


@given(st.text(max_size=40), st.integers(1, 40))
def test_shortened_label_fits_and_says_that_it_is_cut(text: str, most: int) -> None:
    short = shorten(text, most)
    assert len(short) <= most
    assert short == visible(text) or (short.endswith("…") and visible(text).startswith(short[:-1]))


# Citations


@pytest.mark.parametrize(
    ("fuzzy", "expected"),
    [
        ("2026", "2026"),
        ("2026-01", "Jan 2026"),
        ("2026-01-22", "Jan 22, 2026"),
        ("2026-12-01", "Dec 1, 2026"),
        ("2025-05", "May 2025"),
        ("1999-09-30", "Sep 30, 1999"),
    ],
)
def test_day_says_no_more_than_is_known(fuzzy: str, expected: str) -> None:
    assert parts.day(fuzzy) == expected


def test_citation_names_sort_place_speaker_day_and_source() -> None:
    section = parts.entry(cited(places=("Elm County", "Elmton")), TODAY)
    assert markdown(section).splitlines() == [
        STATEMENT,
        "-# Written policy · Elm County, Elmton · according to Sheriff · as of Jan 5, 2026",
        "-# Source · [Sheriff, Jan 5, 2026](https://example.org/0)",
    ]


def test_fact_of_many_places_names_its_jurisdiction() -> None:
    assert "-# Written policy · county · according" in markdown(
        parts.entry(cited(places=tuple("abcd"), jurisdiction=Jurisdiction.COUNTY), TODAY)
    )


@pytest.mark.parametrize("kind", Kind)
def test_every_kind_of_fact_is_labelled_apart(kind: Kind) -> None:
    label = parts.KINDS[kind]
    assert list(parts.KINDS.values()).count(label) == 1
    assert f"-# {label} · state · " in markdown(parts.entry(cited(kind=kind), TODAY))


@pytest.mark.parametrize(
    ("names", "labels"), [(parts.KINDS, Kind), (parts.JURISDICTIONS, Jurisdiction), (parts.SOURCE_KINDS, SourceKind)]
)
def test_every_name_has_a_label(names: dict[Any, str], labels: Iterable[Any]) -> None:
    assert set(names) == set(labels)


def test_law_policy_and_practice_are_never_labelled_alike() -> None:
    labels = {parts.KINDS[kind] for kind in (Kind.LAW, Kind.POLICY, Kind.PRACTICE, Kind.NONE)}
    assert labels == {"Law", "Written policy", "Reported practice", "The record says there is none"}


def test_figure_says_what_was_counted_and_its_value() -> None:
    figure = Figure(counted="people with detainers in state prisons", value="more than 1,360", unit="people")
    text = markdown(parts.entry(cited(kind=Kind.FIGURE, figure=figure), TODAY))
    assert "\n-# Counted: people with detainers in state prisons · Value: more than 1,360 people\n" in text


@pytest.mark.parametrize(("review_by", "past"), [("2026-11-21", True), ("2026-11-22", False), ("2026-11-23", False)])
def test_statement_past_its_review_date_says_so(review_by: str, past: bool) -> None:
    text = markdown(parts.entry(cited(review_by=review_by), TODAY))
    assert text.endswith("-# Past its review date (Nov 21, 2026): may be out of date") is past
    assert ("review date" in text) is past


def test_source_without_a_link_shows_title_publisher_and_date_alone() -> None:
    unseen = source(url=None, title="Jail manual", published=None)
    text = markdown(parts.entry(cited(sources=[unseen]), TODAY))
    assert "-# Source · Sheriff, undated" in text
    assert "](" not in text
    listed = markdown(parts.source(unseen))
    assert listed.splitlines() == [
        "### Jail manual",
        "-# Sheriff · undated · public agency",
        "-# No link: the page was not seen on the web",
    ]


def test_copy_of_a_source_names_where_it_was_seen() -> None:
    copied = source(copy_on="Scribd", url="https://scribd.example/1")
    assert "[Sheriff, Jan 5, 2026, copy on Scribd](https://scribd.example/1)" in markdown(
        parts.entry(cited(sources=[copied]), TODAY)
    )
    assert "· copy on Scribd\n" in markdown(parts.source(copied))


def test_more_than_three_sources_are_counted_and_listed_in_full() -> None:
    many = [source(number) for number in range(5)]
    item = cited(sources=many)
    text = markdown(parts.entry(item, TODAY))
    assert text.count("](https://example.org/") == 3
    assert text.endswith(" · and 2 more")
    listed = replies.sources(Card("T", "", (), parts.references([item, item])))
    assert [block.text for section in listed.sections for block in section if isinstance(block, Heading)] == [
        f"{number}. Memo {number - 1}" for number in range(1, 6)
    ]


def test_list_of_sources_gathers_the_places_in_each() -> None:
    references = ((source(1), "page 2"), (source(2), None), (source(1), "page 7"))
    listed = replies.sources(Card("T", "county:elm", (), references))
    assert listed.address == "county:elm"
    assert "-# See: page 2; page 7\n" in markdown(listed.sections[0])
    assert "See:" not in markdown(listed.sections[1])


def test_card_without_sources_says_so() -> None:
    assert "no sources" in plain(replies.sources(Card("T", "", ())))


# Disputes


def three_sides() -> Disputed:
    return disputed(
        Sheriff=[cited("The sheriff counted 12 people.", "s1", as_of="2026-01"), cited("He counted 14.", "s2")],
        agency=[cited("The agency counted 20 people.", "a1", sources=[source(1)], speaker="Agency")],
        Advocates=[cited("Advocates counted 30 people.", "v1", sources=[source(2)], speaker="Advocates")],
    )


def headings(section: Section) -> list[str]:
    return [block.text for block in section if isinstance(block, Heading)]


@pytest.mark.parametrize("asked", [(), ("s1",), ("a1",), ("gone",)])
def test_dispute_shows_every_side_in_alphabetical_order_whichever_was_asked_for(asked: tuple[str, ...]) -> None:
    section = parts.entry(three_sides(), TODAY, asked)
    assert headings(section) == ["Disputed: How many are held?", "1. Advocates", "2. agency", "3. Sheriff"]
    text = markdown(section)
    assert "3 sides, in alphabetical order" in text
    for expected in ("30 people", "20 people", "according to Agency", "according to Advocates", "according to Sheriff"):
        assert expected in text
    assert text.count("as of ") == 3
    assert re.search(r"-# 1 more statement\b.*: /dispute topic:How many are held\?$", text)
    assert ("12 people" in text) is (asked == ("s1",))
    assert ("counted 14" in text) is (asked != ("s1",))


def test_whole_dispute_has_every_statement_of_every_side_once() -> None:
    item = three_sides()
    whole = replies.dispute(item, TODAY)
    assert statements(whole.sections) == (
        "Advocates counted 30 people.The agency counted 20 people.The sheriff counted 12 people.He counted 14."
    )
    assert [reference[0].id for reference in whole.references] == ["s2", "s1", "s0"]
    assert whole.address == "dispute:d"


@settings(max_examples=40, deadline=None)
@given(st.permutations(["Sheriff", "agency", "Advocates", "DHS"]))
def test_order_of_the_file_does_not_show(parties: list[str]) -> None:
    item = disputed(**{party: [cited(f"{party} said so.", party.lower())] for party in parties})
    assert headings(parts.disputed(item, TODAY))[1:] == ["1. Advocates", "2. agency", "3. DHS", "4. Sheriff"]


@pytest.mark.parametrize("length", [300, 2000, 9000])
def test_long_dispute_keeps_every_side_over_its_pages(length: int) -> None:
    item = disputed(**{party: [cited(f"{party} said: " + "ñ" * length, party.lower())] for party in ("A", "B", "C")})
    whole = replies.dispute(item, TODAY)
    assert_fits(whole)
    sections = [section for page in pages(whole) for section in page]
    told = [text for section in sections for text in headings(section)]
    # Each page names the dispute again, so that none of them shows a side without its question.
    assert [text for text in told if not text.endswith("(continued)")] == [
        "Disputed: How many are held?", "1. A", "2. B", "3. C",
    ]  # fmt: skip
    assert all(headings(page[0])[0].startswith("Disputed: How many are held?") for page in pages(whole))
    assert sum(markdown(section).count("according to Sheriff") for section in sections) == 3


# Whole replies


ITEMS: tuple[Entry, ...] = (cited(), three_sides(), cited("The law says: *no* [holds](x) <@1>.", "law", kind=Kind.LAW))
EVENT = Event(id="e", date="2026-01", until="2026-02-03", topic="jails", title="The jail opens", facts=("a-fact",))
TERM = Term(id="t", term="Hold", aliases=("jail hold",), fact="a-fact")


def replies_about(items: Sequence[Entry]) -> list[Card]:
    return [
        replies.facts(["a-fact"], items, PACK, TODAY),
        replies.facts(["a-fact"], items, PACK, TODAY, none=True),
        replies.sanctuary("Elmton", ["a-fact"], items, "Example State", TODAY),
        replies.events([(EVENT, items)], "2026", "", None, TODAY),
        replies.source(source(), items, TODAY),
        replies.term(TERM, items, TODAY),
    ]


def test_plain_text_holds_every_statement_byte_for_byte() -> None:
    for whole in replies_about(ITEMS):
        for section in whole.sections:
            for block in section:
                if isinstance(block, Statement):
                    assert block.text in plain(whole)
        for text in (STATEMENT, "The law says: *no* [holds](x) <@1>.", "The agency counted 20 people."):
            assert text in plain(whole)


@settings(max_examples=40, deadline=None)
@given(long(2000))
def test_plain_text_changes_no_letter(text: str) -> None:
    assert f"\n{text}\n" in plain(card([cited(text)]))


def test_every_sentence_about_the_world_is_a_stored_statement() -> None:
    stored = {c.fact.statement for item in ITEMS for c in ([item] if isinstance(item, Cited) else [])}
    stored |= {c.fact.statement for _, side in three_sides().sides for c in side}
    for whole in replies_about(ITEMS):
        said = [block.text for section in whole.sections for block in section if isinstance(block, Statement)]
        assert said
        assert set(said) <= stored


def test_every_statement_of_a_reply_has_its_sources_in_the_list() -> None:
    for whole in replies_about(ITEMS):
        assert {reference[0].id for reference in whole.references} == {"s0", "s1", "s2"}


def test_rules_of_a_place_keep_law_policy_and_practice_apart() -> None:
    kinds = (Kind.PRACTICE, Kind.POLICY, Kind.LAW, Kind.NONE)
    items = [cited(f"A fact of kind {kind}.", f"f-{kind}", kind=kind) for kind in kinds]
    listing = cited("The list names Elmton.", "listed", topic="listings", kind=Kind.STATEMENT)
    whole = replies.sanctuary("Elmton", [], [listing, *items], "Example State", TODAY)
    under: dict[str, str] = {}
    for section in whole.sections:
        if headings(section):
            under[headings(section)[0]] = statements([section])
    assert list(under) == [
        "Law",
        "Written policy",
        "Reported practice",
        "What the record says there is none of",
        "Who calls it a sanctuary, and by which criteria",
    ]
    assert under["Law"] == "A fact of kind law."
    assert under["Written policy"] == "A fact of kind written-policy."
    assert under["Reported practice"] == "A fact of kind reported-practice."
    assert under["Who calls it a sanctuary, and by which criteria"] == "The list names Elmton."


PACK = Pack.model_validate(
    {
        "name": "Example",
        "state": "Example State",
        "scope": "how one jail deals with ICE",
        "examples": ["May a jail hold me?", "How many?", "What is a hold?"],
        "topics": [{"id": "jails", "title": "Jails", "office": {"name": "The county sheriff"}}],
        "legal_help": [{"name": "A legal aid office", "url": "https://example.org/aid"}],
    }
)


def test_three_silences_are_three_replies_each_with_an_office_to_ask() -> None:
    none = replies.facts(["a-fact"], [cited(kind=Kind.NONE)], PACK, TODAY, none=True)
    silences = [replies.silence(outcome, (), PACK) for outcome in (Outcome.NO_RECORD, Outcome.OUT_OF_SCOPE)]
    assert len({silence.title for silence in (none, *silences)}) == 3
    for silence in (none, *silences):
        assert "Jails: The county sheriff" in plain(silence)
    for silence in silences:
        assert statements(silence.sections) == ""
        assert silence.references == ()


def test_a_case_of_ones_own_is_told_where_legal_help_is_and_the_address_keeps_that() -> None:
    own = (
        replies.facts(["a-fact"], [cited()], PACK, TODAY, personal=True),
        replies.silence(Outcome.NO_RECORD, (), PACK, personal=True),
    )
    for card in own:
        assert "A legal aid office <https://example.org/aid>" in plain(card)
        assert card.address.endswith(replies.PERSONAL)
    assert "legal aid" not in plain(replies.facts(["a-fact"], [cited()], PACK, TODAY))


def test_agreement_tells_its_history_with_a_source_for_each_change() -> None:
    record = Agreement.model_validate(
        {
            "id": "g",
            "agency": "Elm County Sheriff",
            "county": "elm",
            "model": "task-force",
            "history": [
                {"date": "2025-03-01", "status": "signed", "sources": [{"id": "s0"}]},
                {"date": "2026-01", "status": "called-void", "by": "Attorney General", "sources": [{"id": "s1"}]},
            ],
            "dispute": "d",
        }
    )
    assert markdown(parts.agreement(record, [source(1), source(0)])).splitlines() == [
        "### Elm County Sheriff",
        "-# 287(g) agreement, task force model · date of signing not in the record",
        "-# Mar 1, 2025: signed · [Sheriff, Jan 5, 2026](https://example.org/0)",
        "-# Jan 2026: called void, by Attorney General · [Sheriff, Jan 5, 2026](https://example.org/1)",
        "-# Disputed: the sides are below",
    ]
    assert replies.listed(record)


def test_event_shows_its_days_and_what_is_said_of_it() -> None:
    (section,) = replies.events([(EVENT, [cited()])], "2026-01", "2026-02", PACK.topics[0], TODAY).sections
    assert headings(section) == ["Jan 2026 to Feb 3, 2026: The jail opens"]
    assert statements([section]) == STATEMENT
    empty = replies.events([], "2026-01", "2026-02", PACK.topics[0], TODAY)
    assert empty.title == "Events from Jan 2026 to Feb 2026: Jails"
    assert "no event in these days on this topic" in plain(empty)
