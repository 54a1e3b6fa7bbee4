-- Times are milliseconds since 1970-01-01 UTC. Hashes and ids are raw bytes.

CREATE TABLE sites (
    site            TEXT    NOT NULL PRIMARY KEY,
    current_version INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE TABLE policy_versions (
    site          TEXT    NOT NULL REFERENCES sites (site),
    version       INTEGER NOT NULL,
    -- SHA-256 of `document`, 64 hexadecimal characters.
    hash          TEXT    NOT NULL,
    -- The file as published, and what it compiled to.
    source        TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    published_at  INTEGER NOT NULL,
    superseded_at INTEGER,
    PRIMARY KEY (site, version)
) STRICT;

CREATE TABLE records (
    site                 TEXT    NOT NULL,
    -- UUIDv7, so inserts go to the end of the index.
    id                   BLOB    NOT NULL,
    secret_hash          BLOB    NOT NULL,
    body_hash            BLOB    NOT NULL,
    policy_version       INTEGER NOT NULL,
    event                TEXT    NOT NULL,
    chain                INTEGER NOT NULL,
    -- Kept as stated, for the former record may arrive later.
    previous_id          BLOB,
    previous_secret_hash BLOB,
    server_time          INTEGER NOT NULL,
    client_time          INTEGER NOT NULL,
    record               TEXT    NOT NULL,
    salt                 BLOB    NOT NULL,
    commitment           BLOB    NOT NULL,
    leaf_index           INTEGER NOT NULL,
    PRIMARY KEY (site, id),
    UNIQUE (site, leaf_index)
) STRICT;

-- Most records follow none, so this index costs the busy path nothing.
CREATE INDEX records_by_previous ON records (site, previous_id) WHERE previous_id IS NOT NULL;

CREATE TABLE leaves (
    site       TEXT    NOT NULL,
    leaf_index INTEGER NOT NULL,
    -- 1: a record.
    kind       INTEGER NOT NULL,
    commitment BLOB    NOT NULL,
    PRIMARY KEY (site, leaf_index)
) STRICT, WITHOUT ROWID;

-- How many leaves a site's log has.
CREATE TABLE log_heads (
    site TEXT    NOT NULL PRIMARY KEY REFERENCES sites (site),
    size INTEGER NOT NULL
) STRICT;

CREATE TABLE tokens (
    -- Names the token in lists and in the audit; not secret.
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL REFERENCES sites (site),
    scope      TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    hash       BLOB    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;

CREATE TABLE audit (
    -- UUIDv7.
    id     BLOB    NOT NULL PRIMARY KEY,
    at     INTEGER NOT NULL,
    site   TEXT    NOT NULL,
    -- The token's id, or `cli`.
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    -- What it was done to: a record's id, a version, a token's id.
    object TEXT    NOT NULL
) STRICT;

CREATE INDEX audit_by_site ON audit (site, id);

-- The server's own keys, made once.
CREATE TABLE secrets (
    name       TEXT    NOT NULL PRIMARY KEY,
    value      BLOB    NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
