"""Full-text search over the passages (statements and phrasings) of the record."""

from collections.abc import Sequence

from bot.models import Hit, Kind
from bot.store.database import Database

# More words than this say nothing more, and each costs a query.
MOST_GROUPS = 16


async def match(database: Database, groups: Sequence[Sequence[str]], limit: int) -> tuple[list[Hit], list[int]]:
    """Find passages by groups of words: any word or phrase of a group stands for the whole group.

    Returns at most `limit` passages, best first, with the groups that each holds and its BM25 score (larger is
    better); and for each group the number of passages that hold it.
    """
    queries = [" OR ".join(_quoted(text) for text in group) for group in groups[:MOST_GROUPS]]
    if not queries:
        return [], []
    # bm25 is smaller for better and sums over terms, so the sum over groups is the score of all terms together.
    found = " UNION ALL ".join(
        f"SELECT {number} AS number, rowid, -bm25(passage_index) AS score FROM passage_index "
        "WHERE passage_index MATCH ?"
        for number in range(len(queries))
    )
    rows = await database.read(
        f"WITH found AS MATERIALIZED ({found})"
        ", best AS (SELECT rowid, sum(score) AS score, group_concat(number) AS held FROM found "
        "GROUP BY rowid ORDER BY 2 DESC LIMIT ?) "
        "SELECT fact_id, topic, kind, passage.text, score, held, NULL AS passages, "
        "(SELECT group_concat(place, '|') FROM fact_place WHERE fact_place.fact_id = fact.id) AS places "
        "FROM best JOIN passage ON passage.id = best.rowid JOIN fact ON fact.id = fact_id "
        "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, number, count(*), NULL FROM found GROUP BY number",
        (*queries, limit),
    )
    counts = {int(row["held"]): row["passages"] for row in rows if row["passages"] is not None}
    hits = [
        Hit(
            row["fact_id"],
            row["topic"],
            Kind(row["kind"]),
            frozenset((row["places"] or "").split("|")) - {""},
            row["text"],
            row["score"],
            frozenset(int(number) for number in str(row["held"]).split(",")),
        )
        for row in rows
        if row["passages"] is None
    ]
    hits.sort(key=lambda hit: (-hit.score, hit.fact_id))
    return hits, [counts.get(number, 0) for number in range(len(queries))]


def _quoted(text: str) -> str:
    """A word or phrase as an FTS5 string on the text column: nothing in it is an operator or a column name.

    Raw text breaks MATCH, and `column:word` would read another column (https://sqlite.org/fts5.html#fts5_strings).
    """
    return '{text} : "' + text.replace('"', '""').replace("\0", "") + '"'


async def passages(database: Database) -> list[str]:
    """All passages, for the words that people may misspell."""
    return [row["text"] for row in await database.read("SELECT text FROM passage")]
