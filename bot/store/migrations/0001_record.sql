-- Each record is one row: its id and its whole text as JSON. Columns and link tables are derived from
-- that text by the database itself, so that they cannot say anything else than the record does.

CREATE TABLE source ( -- Documents that statements rest on.
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE fact ( -- Statements, each with source, date and speaker.
    id TEXT PRIMARY KEY,
    key TEXT NOT NULL UNIQUE,
    body TEXT NOT NULL CHECK (json_valid(body)),
    topic TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.topic')) VIRTUAL,
    kind TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.kind')) VIRTUAL,
    jurisdiction TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.jurisdiction')) VIRTUAL,
    statement TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.statement')) VIRTUAL,
    as_of TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.as_of')) VIRTUAL,
    superseded_by TEXT GENERATED ALWAYS AS (json_extract(body, '$.superseded_by')) STORED
        REFERENCES fact (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX fact_topic ON fact (topic);

CREATE TABLE fact_source ( -- Which statement rests on which document.
    fact_id TEXT NOT NULL REFERENCES fact (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (fact_id, source_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_source_source ON fact_source (source_id);

CREATE TABLE fact_place ( -- Which statement is about which county or city.
    place TEXT NOT NULL,
    fact_id TEXT NOT NULL REFERENCES fact (id) ON DELETE CASCADE,
    PRIMARY KEY (place, fact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX fact_place_fact ON fact_place (fact_id);

CREATE TABLE dispute ( -- Questions on which accounts differ.
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE dispute_fact ( -- Which statement is a side of which dispute: one at most.
    fact_id TEXT PRIMARY KEY REFERENCES fact (id) DEFERRABLE INITIALLY DEFERRED,
    dispute_id TEXT NOT NULL REFERENCES dispute (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX dispute_fact_dispute ON dispute_fact (dispute_id);

CREATE TABLE event ( -- The timeline.
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body)),
    date TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.date')) VIRTUAL,
    topic TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.topic')) VIRTUAL
) STRICT;
CREATE INDEX event_date ON event (date);

CREATE TABLE event_fact ( -- Which statements tell of which event.
    event_id TEXT NOT NULL REFERENCES event (id) ON DELETE CASCADE,
    fact_id TEXT NOT NULL REFERENCES fact (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (event_id, fact_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX event_fact_fact ON event_fact (fact_id);

CREATE TABLE county ( -- Counties and the cities in them.
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

CREATE TABLE agreement ( -- 287(g) agreements and what was said of each.
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body)),
    county_id TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.county')) STORED
        REFERENCES county (id) DEFERRABLE INITIALLY DEFERRED,
    dispute_id TEXT GENERATED ALWAYS AS (json_extract(body, '$.dispute')) STORED
        REFERENCES dispute (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX agreement_county ON agreement (county_id);
CREATE INDEX agreement_dispute ON agreement (dispute_id);

CREATE TABLE agreement_source ( -- Which document an agreement's history rests on.
    agreement_id TEXT NOT NULL REFERENCES agreement (id) ON DELETE CASCADE,
    source_id TEXT NOT NULL REFERENCES source (id) DEFERRABLE INITIALLY DEFERRED,
    PRIMARY KEY (agreement_id, source_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX agreement_source_source ON agreement_source (source_id);

CREATE TABLE term ( -- The glossary.
    id TEXT PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body)),
    fact_id TEXT NOT NULL GENERATED ALWAYS AS (json_extract(body, '$.fact')) STORED
        REFERENCES fact (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE INDEX term_fact ON term (fact_id);

CREATE TRIGGER fact_linked AFTER INSERT ON fact BEGIN
    INSERT INTO fact_source SELECT new.id, json_extract(value, '$.id') FROM json_each(new.body, '$.sources');
    INSERT INTO fact_place SELECT value, new.id FROM json_each(new.body, '$.places');
END;
CREATE TRIGGER fact_relinked AFTER UPDATE OF body ON fact BEGIN
    DELETE FROM fact_source WHERE fact_id = new.id;
    DELETE FROM fact_place WHERE fact_id = new.id;
    INSERT INTO fact_source SELECT new.id, json_extract(value, '$.id') FROM json_each(new.body, '$.sources');
    INSERT INTO fact_place SELECT value, new.id FROM json_each(new.body, '$.places');
END;

CREATE TRIGGER dispute_linked AFTER INSERT ON dispute BEGIN
    INSERT INTO dispute_fact SELECT f.value, new.id
        FROM json_each(new.body, '$.sides') AS s, json_each(s.value, '$.facts') AS f;
END;
CREATE TRIGGER dispute_relinked AFTER UPDATE OF body ON dispute BEGIN
    DELETE FROM dispute_fact WHERE dispute_id = new.id;
    INSERT INTO dispute_fact SELECT f.value, new.id
        FROM json_each(new.body, '$.sides') AS s, json_each(s.value, '$.facts') AS f;
END;

CREATE TRIGGER event_linked AFTER INSERT ON event BEGIN
    INSERT INTO event_fact SELECT new.id, value FROM json_each(new.body, '$.facts');
END;
CREATE TRIGGER event_relinked AFTER UPDATE OF body ON event BEGIN
    DELETE FROM event_fact WHERE event_id = new.id;
    INSERT INTO event_fact SELECT new.id, value FROM json_each(new.body, '$.facts');
END;

CREATE TRIGGER agreement_linked AFTER INSERT ON agreement BEGIN
    INSERT OR IGNORE INTO agreement_source SELECT new.id, json_extract(c.value, '$.id')
        FROM json_each(new.body, '$.history') AS h, json_each(h.value, '$.sources') AS c;
END;
CREATE TRIGGER agreement_relinked AFTER UPDATE OF body ON agreement BEGIN
    DELETE FROM agreement_source WHERE agreement_id = new.id;
    INSERT OR IGNORE INTO agreement_source SELECT new.id, json_extract(c.value, '$.id')
        FROM json_each(new.body, '$.history') AS h, json_each(h.value, '$.sources') AS c;
END;
