-- What the gate saw and no policy named, counted by day: no page, no visitor.

CREATE TABLE seen (
    site   TEXT    NOT NULL,
    -- Days since 1970-01-01 UTC.
    day    INTEGER NOT NULL,
    -- `host`, `cookie`, `script`, `handler`.
    kind   TEXT    NOT NULL,
    -- An origin, a name, or a SHA-256 in base64.
    value  TEXT    NOT NULL,
    -- A directive, an element, an attribute.
    place  TEXT    NOT NULL,
    -- The start of inline code, from the site's own pages.
    sample TEXT    NOT NULL,
    count  INTEGER NOT NULL,
    PRIMARY KEY (site, day, kind, value, place)
) STRICT, WITHOUT ROWID;
