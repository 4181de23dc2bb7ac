"""The records: what they accept, what they refuse, and that they never change."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from bot.models import (
    Citation,
    Cited,
    Dispute,
    Disputed,
    Event,
    Fact,
    Figure,
    FullDate,
    FuzzyDate,
    Link,
    Phrasings,
    Report,
    Side,
    Source,
    SourceKind,
    Status,
    StatusChange,
    facts_of,
    key,
)

FUZZY: TypeAdapter[str] = TypeAdapter(FuzzyDate)
FULL: TypeAdapter[str] = TypeAdapter(FullDate)
LINK: TypeAdapter[str] = TypeAdapter(Link)
PHRASINGS = {"plain": ["One?", "Two?", "Three?"], "colloquial": ["four"], "spanish": ["¿Cinco?"]}
FACT: dict[str, Any] = {
    "id": "a-fact",
    "topic": "jails",
    "jurisdiction": "state",
    "kind": "law",
    "statement": "The law says what a jail may do.",
    "as_of": "2026-01",
    "review_by": "2027-01-01",
    "sources": [{"id": "memo"}],
    "phrasings": PHRASINGS,
}
FIGURE = {"counted": "people in the jail", "value": "more than 1,360", "unit": "people"}


def fact(**changes: Any) -> Fact:
    return Fact.model_validate(FACT | changes)


@given(st.dates(), st.sampled_from([4, 7, 10]))
def test_date_of_the_calendar_is_kept_as_written(day: date, length: int) -> None:
    written = day.isoformat()[:length]
    assert FUZZY.validate_python(written) == written


@given(st.dates())
def test_whole_date_is_needed_where_it_says_so(day: date) -> None:
    assert FULL.validate_python(day.isoformat()) == day.isoformat()
    for length in (4, 7):
        with pytest.raises(ValidationError, match="whole date"):
            FULL.validate_python(day.isoformat()[:length])


@settings(deadline=None)
@given(st.one_of(st.text(max_size=12), st.text("0123456789-", max_size=11), st.from_regex(r"\d{4}-\d\d-\d\d")))
def test_what_is_accepted_is_a_day_month_or_year_of_the_calendar(text: str) -> None:
    try:
        accepted = FUZZY.validate_python(text)
    except ValidationError:
        return
    first = accepted + "-01-01"[len(accepted) - 4 :]
    assert re.fullmatch(r"[0-9]{4}(-[0-9]{2}){0,2}", text)
    assert date.fromisoformat(first).isoformat() == first


@pytest.mark.parametrize(
    "text",
    [
        "",
        "soon",
        "26",
        "02026",
        "0000",
        "2026-1",
        "2026-00",
        "2026-13",
        "2026-02-29",
        "2026-02-30",
        "2026-04-31",
        "2026-1-05",
        "2026-01-5",
        "2026-01-05T00:00",
        "20260105",
        "2026-W01",
        "2026-001",
        "2026/01/05",
        "01-05-2026",
        "2026-01-05\n",
        " 2026",
        "٢٠٢٦",
        "２０２６-01",
        "-2026",
    ],
)
def test_date_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        FUZZY.validate_python(text)


def test_leap_day_is_a_day() -> None:
    assert FUZZY.validate_python("2024-02-29") == "2024-02-29"


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org",
        "http://example.org/a/b?c=d&e=%20f#g",
        "https://dhs.gov/a_(b)",
        "https://x.org:8080/",
        "https://x.org?q=1",
    ],
)
def test_web_address_is_kept_as_written(address: str) -> None:
    assert LINK.validate_python(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "",
        "example.org",
        "www.example.org",
        "javascript:alert(1)",
        "JavaScript://example.org/%0aalert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://example.org",
        "//example.org",
        "https://",
        "https://localhost",
        "https:///example.org",
        "https://a b.org",
        "https://example.org/a b",
        "https://example.org/\na",
        "https://example.org/<b>",
        'https://example.org/"',
        "https://example.org/a|b",
        "https://dhs.gov@example.org",
        "https://exam\u200bple.org",
        "https://example.org/\u202egpj.exe",
        "see https://example.org",
        "https://example.org/" + "a" * 500,
    ],
)
def test_link_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        LINK.validate_python(address)


@pytest.mark.parametrize("value", ["12", "more than 1,360", "about 1 in 4", "¾ of 10"])
def test_figure_is_kept_as_the_source_gives_it(value: str) -> None:
    assert Figure.model_validate(FIGURE | {"value": value}).value == value


@pytest.mark.parametrize("value", ["", "   ", "a dozen", "many", None, 12])
def test_figure_without_a_digit_in_its_text_is_refused(value: object) -> None:
    with pytest.raises(ValidationError):
        Figure.model_validate(FIGURE | {"value": value})


@pytest.mark.parametrize("missing", FIGURE)
def test_figure_says_what_was_counted_and_in_what(missing: str) -> None:
    with pytest.raises(ValidationError, match="Field required"):
        Figure.model_validate({name: value for name, value in FIGURE.items() if name != missing})


def test_figure_stands_with_figures_alone() -> None:
    assert fact(kind="figure", figure=FIGURE, speaker="Sheriff").figure == Figure.model_validate(FIGURE)
    for wrong in ({"kind": "figure", "speaker": "Sheriff"}, {"figure": FIGURE}):
        with pytest.raises(ValidationError, match="exactly when its kind is 'figure'"):
            fact(**wrong)


@pytest.mark.parametrize("kind", ["figure", "statement"])
def test_account_of_one_side_names_the_side(kind: str) -> None:
    with pytest.raises(ValidationError, match="needs a speaker"):
        fact(kind=kind, figure=FIGURE if kind == "figure" else None)


@pytest.mark.parametrize("jurisdiction", ["county", "city"])
def test_local_fact_names_its_place(jurisdiction: str) -> None:
    assert fact(jurisdiction=jurisdiction, places=["Elmton"]).places == ("Elmton",)
    with pytest.raises(ValidationError, match="must name it under 'places'"):
        fact(jurisdiction=jurisdiction)


@pytest.mark.parametrize(
    ("as_of", "review_by", "good"),
    [
        ("2026-01-05", "2026-01-06", True),
        ("2026-01-05", "2026-01-05", False),
        ("2026-01-05", "2026-01-04", False),
        ("2026-01", "2026-01-31", True),
        ("2026", "2025-12-31", False),
    ],
)
def test_review_comes_after_the_fact(as_of: str, review_by: str, good: bool) -> None:
    if good:
        assert fact(as_of=as_of, review_by=review_by).as_of == as_of
    else:
        with pytest.raises(ValidationError, match="not after its as-of date"):
            fact(as_of=as_of, review_by=review_by)


def test_questions_are_at_least_four_in_english_and_one_of_them_colloquial() -> None:
    assert len(Phrasings.model_validate(PHRASINGS).all()) == 5
    for wrong in (
        PHRASINGS | {"plain": ["One?", "Two?"]},
        PHRASINGS | {"plain": ["One?", "Two?", "Three?", "Four?"], "colloquial": []},
        PHRASINGS | {"plain": [], "colloquial": ["one", "two", "three", "four"]},
        PHRASINGS | {"spanish": ["FOUR"]},
    ):
        with pytest.raises(ValidationError):
            Phrasings.model_validate(wrong)


def test_statement_loses_only_the_space_around_it() -> None:
    assert (
        fact(statement="  The law says “no”,  twice: £5 – ¿sí?  ").statement == "The law says “no”,  twice: £5 – ¿sí?"
    )


@given(st.permutations(["agency", "Advocates", "Sheriff", "Über-Amt", "the press"]))
def test_sides_stand_in_one_order_whatever_the_order_of_the_file(parties: list[str]) -> None:
    sides = tuple(Side(party=party, facts=(party.casefold()[:2].replace("ü", "u"),)) for party in parties)
    dispute = Dispute(id="d", topic="jails", question="Which?", sides=sides)
    assert [side.party for side in dispute.in_order()] == ["Advocates", "agency", "Sheriff", "the press", "Über-Amt"]
    assert dispute.fact_ids() == ("ad", "ag", "sh", "th", "ub")


def test_facts_of_one_side_keep_their_order() -> None:
    sides = (Side(party="B", facts=("z", "a")), Side(party="A", facts=("m",)))
    assert Dispute(id="d", topic="jails", question="Which?", sides=sides).fact_ids() == ("m", "z", "a")


@pytest.mark.parametrize(("date", "until"), [("2026-01-05", "2026-01"), ("2026-01-05", "2026"), ("2026", "2026-03")])
def test_event_may_end_on_a_day_less_exactly_known(date: str, until: str) -> None:
    assert Event(id="e", date=date, until=until, topic="jails", title="It goes on", facts=("f",)).until == until


@given(st.text(max_size=60))
def test_key_is_six_letters_that_fit_a_custom_id(record_id: str) -> None:
    assert re.fullmatch("[a-z2-7]{6}", key(record_id))


def test_key_never_changes_or_pinned_buttons_would_die() -> None:
    assert {text: key(text) for text in ("a", "detainer-definition")} == {
        "a": "zklyce",
        "detainer-definition": "djmkvy",
    }


def test_facts_of_a_dispute_are_those_of_every_side() -> None:
    one, two, three = (Cited(fact(id=name), ()) for name in ("one", "two", "three"))
    sides = (Side(party="A", facts=("one",)), Side(party="B", facts=("two",)))
    dispute = Disputed(Dispute(id="d", topic="jails", question="Which?", sides=sides), (("A", (one,)), ("B", (two,))))
    assert facts_of([three, dispute]) == [three, one, two]


RECORDS = (
    fact(kind="figure", figure=FIGURE, speaker="Sheriff"),
    Citation(id="memo"),
    Source(id="memo", title="Memo", publisher="Sheriff", kind=SourceKind.LAW),
    Phrasings.model_validate(PHRASINGS),
    Figure.model_validate(FIGURE),
    Side(party="A", facts=("f",)),
    Event(id="e", date="2026", topic="jails", title="It opens", facts=("f",)),
    StatusChange(date="2026", status=Status.SIGNED, sources=(Citation(id="memo"),)),
    Report(page="about:", reason="Other", text="x"),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: type(record).__name__)
def test_record_never_changes_and_has_no_other_field(record: Any) -> None:
    for name in type(record).model_fields:
        with pytest.raises(ValidationError, match="frozen"):
            setattr(record, name, None)
    with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
        type(record).model_validate(record.model_dump() | {"verdict": "true"})
    assert type(record).model_validate_json(record.model_dump_json(exclude_defaults=True)) == record


def test_report_has_no_field_for_who_sent_it() -> None:
    assert set(Report.model_fields) == {"page", "reason", "text"}
