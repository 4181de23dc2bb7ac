-- Every statement and every phrasing is a passage; the index finds passages, never any other column.

CREATE TABLE passage ( -- Statements and the questions they answer, as the search reads them.
    id INTEGER PRIMARY KEY,
    fact_id TEXT NOT NULL REFERENCES fact (id) ON DELETE CASCADE,
    text TEXT NOT NULL
) STRICT;
CREATE INDEX passage_fact ON passage (fact_id);

CREATE VIRTUAL TABLE passage_index USING fts5 ( -- The words of the passages.
    text, content = 'passage', content_rowid = 'id', tokenize = 'porter unicode61 remove_diacritics 2'
);

CREATE TRIGGER passage_added AFTER INSERT ON passage BEGIN
    INSERT INTO passage_index (rowid, text) VALUES (new.id, new.text);
END;
CREATE TRIGGER passage_removed AFTER DELETE ON passage BEGIN
    INSERT INTO passage_index (passage_index, rowid, text) VALUES ('delete', old.id, old.text);
END;

-- A superseded fact has no passages: it is kept, and never found.
CREATE TRIGGER fact_read AFTER INSERT ON fact WHEN new.superseded_by IS NULL BEGIN
    INSERT INTO passage (fact_id, text) VALUES (new.id, new.statement);
    INSERT INTO passage (fact_id, text)
        SELECT new.id, p.value FROM json_each(new.body, '$.phrasings') AS s, json_each(s.value) AS p;
END;
CREATE TRIGGER fact_reread AFTER UPDATE OF body ON fact BEGIN
    DELETE FROM passage WHERE fact_id = new.id;
    INSERT INTO passage (fact_id, text)
        SELECT new.id, new.statement WHERE new.superseded_by IS NULL;
    INSERT INTO passage (fact_id, text)
        SELECT new.id, p.value FROM json_each(new.body, '$.phrasings') AS s, json_each(s.value) AS p
        WHERE new.superseded_by IS NULL;
END;
