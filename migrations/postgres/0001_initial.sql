-- Times are milliseconds since 1970-01-01 UTC. Hashes and ids are raw bytes.

CREATE TABLE sites (
    site            TEXT    NOT NULL PRIMARY KEY,
    current_version BIGINT NOT NULL,
    created_at      BIGINT NOT NULL
);

CREATE TABLE policy_versions (
    site          TEXT    NOT NULL REFERENCES sites (site),
    version       BIGINT NOT NULL,
    -- SHA-256 of `document`, 64 hexadecimal characters.
    hash          TEXT    NOT NULL,
    -- The file as published, and what it compiled to.
    source        TEXT    NOT NULL,
    document      TEXT    NOT NULL,
    published_at  BIGINT NOT NULL,
    superseded_at BIGINT,
    PRIMARY KEY (site, version)
);

CREATE TABLE records (
    site                 TEXT    NOT NULL,
    -- UUIDv7, so inserts go to the end of the index.
    id                   BYTEA    NOT NULL,
    secret_hash          BYTEA    NOT NULL,
    body_hash            BYTEA    NOT NULL,
    policy_version       BIGINT NOT NULL,
    event                TEXT    NOT NULL,
    chain                BIGINT NOT NULL,
    -- Kept as stated, for the former record may arrive later.
    previous_id          BYTEA,
    previous_secret_hash BYTEA,
    server_time          BIGINT NOT NULL,
    client_time          BIGINT NOT NULL,
    record               TEXT    NOT NULL,
    salt                 BYTEA    NOT NULL,
    commitment           BYTEA    NOT NULL,
    leaf_index           BIGINT NOT NULL,
    PRIMARY KEY (site, id),
    UNIQUE (site, leaf_index)
);

-- Most records follow none, so this index costs the busy path nothing.
CREATE INDEX records_by_previous ON records (site, previous_id) WHERE previous_id IS NOT NULL;

CREATE TABLE leaves (
    site       TEXT    NOT NULL,
    leaf_index BIGINT NOT NULL,
    -- 1: a record.
    kind       BIGINT NOT NULL,
    commitment BYTEA    NOT NULL,
    PRIMARY KEY (site, leaf_index)
);

-- How many leaves a site's log has.
CREATE TABLE log_heads (
    site TEXT    NOT NULL PRIMARY KEY REFERENCES sites (site),
    size BIGINT NOT NULL
);

CREATE TABLE tokens (
    -- Names the token in lists and in the audit; not secret.
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL REFERENCES sites (site),
    scope      TEXT    NOT NULL,
    label      TEXT    NOT NULL,
    hash       BYTEA    NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT
);

CREATE TABLE audit (
    -- UUIDv7.
    id     BYTEA    NOT NULL PRIMARY KEY,
    at     BIGINT NOT NULL,
    site   TEXT    NOT NULL,
    -- The token's id, or `cli`.
    actor  TEXT    NOT NULL,
    action TEXT    NOT NULL,
    -- What it was done to: a record's id, a version, a token's id.
    object TEXT    NOT NULL
);

CREATE INDEX audit_by_site ON audit (site, id);

-- The server's own keys, made once.
CREATE TABLE secrets (
    name       TEXT    NOT NULL PRIMARY KEY,
    value      BYTEA    NOT NULL,
    created_at BIGINT NOT NULL
);
