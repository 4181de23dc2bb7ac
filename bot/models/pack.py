"""What a pack of facts brings along: its scope and topics, its words for the search, its words to avoid."""

from enum import StrEnum

from pydantic import Field

from bot.models.fields import Name, Record, Slug, Text


class Office(Record):
    """Whom to ask where the record does not say."""

    name: Text


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
    guides: tuple[Guide, ...] = ()

    def guide(self, guide_id: str) -> Guide:
        """The reading list of that id; an empty one when the pack has none."""
        return next((guide for guide in self.guides if guide.id == guide_id), Guide(id=guide_id, title=guide_id))


class Vocabulary(Record):
    """How people's words meet the record's words; see data/search.yaml for what each list does."""

    stop_words: tuple[Text, ...]
    synonyms: tuple[tuple[Text, ...], ...]
    subject: tuple[Text, ...]
    outside: tuple[Text, ...]
    elsewhere: tuple[Text, ...]
    seldom: tuple[Text, ...]
    common_names: tuple[Text, ...]


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
