-- How moderators keep the record. A fact, a source and so on hold what is served now; what was, and what is proposed,
-- stands here alone, so that nothing that waits can be served or found.

CREATE TABLE proposal ( -- What moderators propose, why, and what became of it.
    id INTEGER PRIMARY KEY,
    version INTEGER NOT NULL DEFAULT 1,
    state TEXT NOT NULL
        CHECK (state IN ('draft', 'waiting', 'changes asked', 'published', 'rejected', 'withdrawn')),
    purpose TEXT NOT NULL CHECK (purpose IN ('edit', 'revert', 'import', 'files', 'redaction')),
    why TEXT NOT NULL,
    proposer INTEGER,
    made_at TEXT NOT NULL,
    made_in INTEGER UNIQUE, -- the interaction, so that one that is delivered twice proposes once
    decided_by INTEGER,
    decided_at TEXT,
    decided_in INTEGER UNIQUE,
    reason TEXT NOT NULL DEFAULT '',
    channel INTEGER,
    message INTEGER,
    alerted_at TEXT
) STRICT;
CREATE INDEX proposal_state ON proposal (state);

CREATE TABLE proposal_change ( -- The records that a proposal would change, and their proposed text.
    proposal_id INTEGER NOT NULL REFERENCES proposal (id),
    sort TEXT NOT NULL,
    record_id TEXT NOT NULL,
    base INTEGER NOT NULL,
    body TEXT CHECK (body IS NULL OR json_valid(body)),
    PRIMARY KEY (proposal_id, sort, record_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX proposal_change_record ON proposal_change (sort, record_id);

CREATE TABLE revision ( -- Every version of every record: who, when, why and what. Nothing is changed or deleted.
    number INTEGER PRIMARY KEY,
    sort TEXT NOT NULL,
    record_id TEXT NOT NULL,
    body TEXT CHECK (body IS NULL OR json_valid(body)),
    origin TEXT NOT NULL CHECK (origin IN ('file', 'edit')),
    at TEXT NOT NULL,
    why TEXT NOT NULL,
    editor INTEGER,
    approver INTEGER,
    proposal_id INTEGER REFERENCES proposal (id),
    redacted TEXT
) STRICT;
CREATE INDEX revision_record ON revision (sort, record_id, number);
CREATE INDEX revision_editor ON revision (editor) WHERE editor IS NOT NULL;

CREATE TRIGGER revision_stays BEFORE DELETE ON revision BEGIN
    SELECT raise(ABORT, 'a revision is never deleted');
END;
-- REPLACE would delete without asking the trigger above.
CREATE TRIGGER revision_is_new BEFORE INSERT ON revision
WHEN EXISTS (SELECT 1 FROM revision WHERE number = new.number) BEGIN
    SELECT raise(ABORT, 'a revision is never replaced');
END;
-- Two things only may be blanked: the text, by a redaction that leaves its date; and a person's id, when they ask.
CREATE TRIGGER revision_is_kept BEFORE UPDATE ON revision WHEN NOT (
    new.number IS old.number AND new.sort IS old.sort AND new.record_id IS old.record_id AND new.at IS old.at
    AND new.origin IS old.origin AND new.proposal_id IS old.proposal_id
    AND (new.body IS old.body OR (new.body IS NULL AND new.redacted IS NOT NULL))
    AND (new.why IS old.why OR (new.why = '' AND new.redacted IS NOT NULL))
    AND (new.redacted IS old.redacted OR old.redacted IS NULL)
    AND (new.editor IS old.editor OR new.editor IS NULL)
    AND (new.approver IS old.approver OR new.approver IS NULL)
) BEGIN
    SELECT raise(ABORT, 'a revision is never changed');
END;

CREATE TABLE file_version ( -- What the files in data/ said of each record at the last start, as a hash.
    sort TEXT NOT NULL,
    record_id TEXT NOT NULL,
    hash TEXT NOT NULL,
    revision INTEGER NOT NULL, -- the newest version on which the files and the record agreed; 0 for none
    PRIMARY KEY (sort, record_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE moderation ( -- What each server's administrators chose: which roles may edit, and where reviews appear.
    guild INTEGER PRIMARY KEY,
    body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;

ALTER TABLE report ADD COLUMN answered TEXT;

-- What a database of before holds came from the files.
INSERT INTO revision (sort, record_id, body, origin, at, why)
SELECT sort, id, body, 'file', strftime('%Y-%m-%dT%H:%M:%SZ'), ''
FROM (
    SELECT 'source' AS sort, id, body FROM source UNION ALL SELECT 'fact', id, body FROM fact
    UNION ALL SELECT 'dispute', id, body FROM dispute UNION ALL SELECT 'event', id, body FROM event
    UNION ALL SELECT 'county', id, body FROM county UNION ALL SELECT 'agreement', id, body FROM agreement
    UNION ALL SELECT 'term', id, body FROM term
);
