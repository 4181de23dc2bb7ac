"""What a pack of facts brings along: its scope and topics, its words for the search, its words to avoid."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from bot.models.fields import Link, Name, Record, Slug, Text


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise ValueError(f"is not a pattern that Python can read: {error}") from None
    return text


class Office(Record):
    """Whom to ask where the record does not say."""

    name: Text
    url: Link | None = None


class Topic(Record):
    """A subject that facts are filed under, and an office that knows more."""

    id: Slug
    title: Name
    office: Office


class Guide(Record):
    """A chosen reading list: what a command such as `/detainer law` shows, in this order."""

    id: Slug
    title: Text
    facts: tuple[Slug, ...] = ()
    disputes: tuple[Slug, ...] = ()


class Pack(Record):
    """What a set of facts covers; another state or subject brings its own."""

    name: Text
    state: Text
    scope: Text
    examples: tuple[Text, ...] = Field(min_length=3, max_length=5)
    zone: Text = "UTC"
    topics: tuple[Topic, ...] = Field(min_length=1)
    legal_help: tuple[Office, ...] = Field(min_length=1)
    guides: tuple[Guide, ...] = ()

    def guide(self, guide_id: str) -> Guide:
        """The reading list of that id; an empty one when the pack has none."""
        return next((guide for guide in self.guides if guide.id == guide_id), Guide(id=guide_id, title=guide_id))


class StopWords(Record):
    """Words that say nothing about the subject, by language; they also tell which language a question is in."""

    english: tuple[Text, ...]
    spanish: tuple[Text, ...]


class AnswerType(Record):
    """What a question may ask for: the words that ask for it, and the pattern that a statement must have to answer."""

    name: Text
    asked: tuple[Text, ...]
    held: Annotated[str, StringConstraints(max_length=600), AfterValidator(_pattern)]
    apart: tuple[Text, ...] = ()
    undated: bool = False


class Vocabulary(Record):
    """How people's words meet the record's words; see data/search.yaml for what each list does."""

    stop_words: StopWords
    abbreviations: dict[Text, Text]
    synonyms: tuple[tuple[Text, ...], ...]
    general: tuple[Text, ...]
    personal: tuple[Text, ...]
    subject: tuple[Text, ...]
    outside: tuple[Text, ...]
    elsewhere: tuple[Text, ...]
    seldom: tuple[Text, ...]
    question_sorts: dict[Text, tuple[Text, ...]]
    answer_types: tuple[AnswerType, ...]
    common_names: tuple[Text, ...]
    common_words: tuple[Text, ...]
    unrecorded_examples: tuple[Text, ...]
    outside_examples: tuple[Text, ...]


class Weights(Record):
    """How one way of searching weighs features, into a score of each fact and into how sure an answer is.

    An answer is given from a probability of `enough`; facts whose score is within `close` of the best one's are shown
    too.
    """

    rank: dict[str, float]
    answer: dict[str, float]
    enough: float
    close: float


class FittedWeights(Record):
    """The weights for a search that knows what texts mean, and for one that goes by words alone."""

    hybrid: Weights
    lexical: Weights


class WordKind(StrEnum):
    """What is wrong with words in the project's own voice."""

    NOUN = "noun"
    VERB = "verb"
    UNATTRIBUTED = "unattributed"
    ABSOLUTE = "absolute"
    EMOTIONAL = "emotional"


class WordEntry(Record):
    """Words that are flagged outside quotation marks, and why; `said` words may stand where a speaker is named."""

    words: tuple[Text, ...] = Field(min_length=1)
    kind: WordKind
    why: Text
    guides: tuple[Text, ...] = ()
    exceptions: tuple[Text, ...] = ()
    said: bool = False


class Exemption(Record):
    """Flagged words that may stand in one fact, event title or dispute question."""

    id: Slug
    words: Text
    why: Text


class WordList(Record):
    """The wording check's data; see data/wording.yaml for what each list does."""

    names: tuple[Text, ...] = ()
    attribution: tuple[Text, ...] = ()
    entries: tuple[WordEntry, ...] = ()
    exempt: tuple[Exemption, ...] = ()
