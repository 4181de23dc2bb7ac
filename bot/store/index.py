"""Full-text search over the passages (statements and phrasings) of the record."""

import math
from collections.abc import Sequence

from bot.models import Hit, Kind
from bot.store.database import Database, placeholders

# Words in more than one passage of eight ("ICE") tell facts apart so little, and cost so much to rank by, that
# passages are ranked by the other words, and only asked afterwards which of the common words they hold.
COMMON = 1 / 8
_MATCHING = "FROM passage_index WHERE passage_index MATCH ?"


async def match(database: Database, groups: Sequence[Sequence[str]], limit: int) -> tuple[list[Hit], list[int]]:
    """Find passages by groups of words: any word or phrase of a group stands for the whole group.

    Returns at most `limit` passages, best first, with the groups that each holds and its BM25 score (larger is
    better); and for each group the number of passages that hold it.
    """
    queries = [" OR ".join(_quoted(text) for text in group) for group in groups]
    if not queries:
        return [], []
    counted = await database.read(
        " UNION ALL ".join(f"SELECT count(*) AS passages {_MATCHING}" for _ in queries), queries
    )
    counts = [row["passages"] for row in counted]
    [total] = await database.read("SELECT count(*) AS passages FROM passage")
    ranking = [n for n, count in enumerate(counts) if 0 < count <= total["passages"] * COMMON]
    ranking = ranking or [n for n, count in enumerate(counts) if count]
    if not ranking:
        return [], counts
    # bm25 is smaller for better and sums over terms, so the sum over groups is the score of all of them together.
    found = " UNION ALL ".join(
        f"SELECT {n} AS number, rowid, -bm25(passage_index) AS score {_MATCHING}" for n in ranking
    )
    rows = await database.read(
        f"WITH found AS MATERIALIZED ({found}), best AS (SELECT rowid, sum(score) AS score, "
        "group_concat(number) AS numbers FROM found GROUP BY rowid ORDER BY 2 DESC, 1 LIMIT ?) "
        "SELECT best.rowid AS id, fact_id, topic, kind, passage.text, score, numbers, "
        "(SELECT group_concat(place, '|') FROM fact_place WHERE fact_place.fact_id = fact.id) AS places "
        "FROM best JOIN passage ON passage.id = best.rowid JOIN fact ON fact.id = fact_id ORDER BY score DESC, id",
        [*(queries[n] for n in ranking), limit],
    )
    held = {row["id"]: {int(number) for number in str(row["numbers"]).split(",")} for row in rows}
    scores = {row["id"]: row["score"] for row in rows}
    for number in (n for n, count in enumerate(counts) if count and n not in ranking):
        # The plus keeps SQLite from running the match once for each of the ids.
        ids = await database.read(
            f"SELECT rowid AS id {_MATCHING} AND +rowid IN ({placeholders(held)})", [queries[number], *held]
        )
        for row in ids:
            held[row["id"]].add(number)
            scores[row["id"]] += math.log(total["passages"] / counts[number])
    hits = [
        Hit(
            row["fact_id"],
            row["topic"],
            Kind(row["kind"]),
            frozenset((row["places"] or "").split("|")) - {""},
            row["text"],
            scores[row["id"]],
            frozenset(held[row["id"]]),
        )
        for row in rows
    ]
    return hits, counts


def _quoted(text: str) -> str:
    """A word or phrase as an FTS5 string on the text column: nothing in it is an operator or a column name.

    Raw text breaks MATCH, and `column:word` would read another column (https://sqlite.org/fts5.html#fts5_strings).
    """
    return '{text} : "' + text.replace('"', '""').replace("\0", "") + '"'


async def passages(database: Database) -> list[str]:
    """All passages, for the words that people may misspell."""
    return [row["text"] for row in await database.read("SELECT text FROM passage")]
