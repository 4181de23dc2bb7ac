CREATE TABLE summary_schedule ( -- Daily summaries: channel, time, topics, and the organizer to tell when one is stuck.
    channel INTEGER PRIMARY KEY,
    guild INTEGER NOT NULL,
    body TEXT NOT NULL CHECK (json_valid(body)),
    told TEXT NOT NULL DEFAULT '' -- the last problem that the organizer was told of
) STRICT;
CREATE INDEX summary_schedule_guild ON summary_schedule (guild);

CREATE TABLE summary_claim ( -- Each day's summary in each channel: one at most, and what became of it.
    channel INTEGER NOT NULL,
    day TEXT NOT NULL, -- the date there
    schedule TEXT NOT NULL CHECK (json_valid(schedule)), -- as it was when the day was taken up
    state TEXT NOT NULL DEFAULT 'claimed' CHECK (state IN ('claimed', 'posted', 'skipped')),
    due TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 1,
    begun TEXT NOT NULL,
    leased_until TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER NOT NULL,
    checked INTEGER NOT NULL,
    fingerprint TEXT NOT NULL DEFAULT '',
    message INTEGER,
    posted TEXT,
    corrected TEXT,
    reason TEXT NOT NULL DEFAULT '',
    pin TEXT CHECK (pin IN ('due', 'trying', 'pinned', 'released')),
    pin_next TEXT NOT NULL,
    pin_reason TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (channel, day),
    CHECK ((state = 'posted') = (message IS NOT NULL AND posted IS NOT NULL))
) STRICT, WITHOUT ROWID;
