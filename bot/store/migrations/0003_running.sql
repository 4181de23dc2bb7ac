CREATE TABLE report ( -- Problems that members reported: the page, the reason, their words and the day. Not who.
    id INTEGER PRIMARY KEY,
    page TEXT NOT NULL,
    reason TEXT NOT NULL,
    text TEXT NOT NULL CHECK (length(text) <= 1000),
    day TEXT NOT NULL
) STRICT;

CREATE TABLE setting ( -- What the bot must remember between starts, such as which commands Discord knows.
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT;
