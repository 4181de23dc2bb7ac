CREATE TABLE vector ( -- What a passage means, as numbers, for the search; kept under a hash of the passage.
    hash BLOB NOT NULL,
    engine TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (engine, hash)
) STRICT, WITHOUT ROWID;
