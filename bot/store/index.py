"""Full-text search over the passages (statements and phrasings) of the record."""

import sqlite3
from collections.abc import Sequence

from bot.models import Document, Kind, Phrasings
from bot.store.database import Database

# Words in more than one passage of eight ("ICE") tell facts apart so little, and cost so much to rank by, that
# passages are ranked by the other words.
COMMON = 1 / 8
MOST_PASSAGES = 300
_MATCHING = "FROM passage_index WHERE passage_index MATCH ?"


async def match(database: Database, groups: Sequence[Sequence[str]]) -> dict[str, float]:
    """Find facts by groups of words: any word or phrase of a group stands for the whole group.

    Returns the BM25 score (larger is better) of the best passage of each fact found, for the best passages there are.
    """
    queries = [" OR ".join(_quoted(text) for text in group) for group in groups]
    if not queries:
        return {}
    counted = await database.read(
        " UNION ALL ".join(f"SELECT count(*) AS passages {_MATCHING}" for _ in queries), queries
    )
    counts = [row["passages"] for row in counted]
    [total] = await database.read("SELECT count(*) AS passages FROM passage")
    ranking = [n for n, count in enumerate(counts) if 0 < count <= total["passages"] * COMMON]
    ranking = ranking or [n for n, count in enumerate(counts) if count]
    if not ranking:
        return {}
    # bm25 is smaller for better and sums over terms, so the sum over groups is the score of all of them together.
    found = " UNION ALL ".join(f"SELECT rowid, -bm25(passage_index) AS score {_MATCHING}" for n in ranking)
    rows = await database.read(
        f"WITH found AS MATERIALIZED ({found}), best AS (SELECT rowid, sum(score) AS score "
        "FROM found GROUP BY rowid ORDER BY 2 DESC, 1 LIMIT ?) "
        "SELECT fact_id, max(score) AS score FROM best JOIN passage ON passage.id = best.rowid GROUP BY fact_id",
        [*(queries[n] for n in ranking), MOST_PASSAGES],
    )
    return {row["fact_id"]: row["score"] for row in rows}


async def is_sound(database: Database) -> bool:
    """Whether the index holds the words of the passages, no more and no less; 40 ms, in which nothing can be written.

    Only rank 1 compares the two (https://sqlite.org/fts5.html#the_integrity_check_command), and only the owner may ask.
    """
    check = "INSERT INTO passage_index (passage_index, rank) VALUES ('integrity-check', 1)"
    try:
        await database.write(lambda writer: writer.execute(check))
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode == sqlite3.SQLITE_CORRUPT_VTAB:
            return False
        raise
    return True


def _quoted(text: str) -> str:
    """A word or phrase as an FTS5 string on the text column: nothing in it is an operator or a column name.

    Raw text breaks MATCH, and `column:word` would read another column (https://sqlite.org/fts5.html#fts5_strings).
    """
    return '{text} : "' + text.replace('"', '""').replace("\0", "") + '"'


async def documents(database: Database) -> list[Document]:
    """Every current fact as the search reads it, by id."""
    rows = await database.read(
        "SELECT fact.id, topic, kind, as_of, statement, dispute_id, json_extract(body, '$.phrasings') AS phrasings, "
        "(SELECT group_concat(place, '|') FROM fact_place WHERE fact_place.fact_id = fact.id) AS places FROM fact "
        "LEFT JOIN dispute_fact ON dispute_fact.fact_id = fact.id WHERE superseded_by IS NULL "
        "ORDER BY fact.id"
    )
    return [
        Document(
            row["id"],
            row["topic"],
            Kind(row["kind"]),
            frozenset((row["places"] or "").split("|")) - {""},
            row["dispute_id"],
            row["as_of"],
            row["statement"],
            Phrasings.model_validate_json(row["phrasings"]).all(),
        )
        for row in rows
    ]
