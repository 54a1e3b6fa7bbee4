-- The Merkle tree over each site's leaves. Times are milliseconds since 1970-01-01 UTC.

-- What a site's log is called. A second epoch exists only where a backup was put back: the log goes on with the
-- leaves that are there, under another name, instead of forking.
CREATE TABLE log_epochs (
    site       TEXT    NOT NULL REFERENCES sites (site),
    epoch      BIGINT NOT NULL,
    origin     TEXT    NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (site, epoch)
);

INSERT INTO log_epochs (site, epoch, origin, created_at)
SELECT sites.site, 1, replace(document::json -> 'domains' ->> 0, '*.', '') || '/avow/' || sites.site, sites.created_at
FROM sites JOIN policy_versions ON policy_versions.site = sites.site AND policy_versions.version = 1;

ALTER TABLE log_heads ADD COLUMN epoch BIGINT NOT NULL DEFAULT 1;
-- Root of the epoch's tree; NULL until the tree over leaves from before this migration is built.
ALTER TABLE log_heads ADD COLUMN root BYTEA;

-- Full tiles (C2SP tlog-tiles): 256 hashes. Those that are not full yet follow from the leaves and tiles below.
CREATE TABLE log_tiles (
    site       TEXT    NOT NULL,
    level      BIGINT NOT NULL,
    tile_index BIGINT NOT NULL,
    -- The node above the tile, first: it is read without the hashes.
    root       BYTEA   NOT NULL,
    hashes     BYTEA   NOT NULL,
    PRIMARY KEY (site, level, tile_index)
);

-- What entries other than records stand for.
CREATE TABLE manifests (
    site       TEXT    NOT NULL,
    leaf_index BIGINT NOT NULL,
    kind       BIGINT NOT NULL,
    -- What it is about, once per kind: `policy/3`, `build/0123…`, the leaf that was erased.
    name       TEXT    NOT NULL,
    manifest   TEXT    NOT NULL,
    PRIMARY KEY (site, leaf_index),
    UNIQUE (site, kind, name)
);

-- Heads as published, with every signature.
CREATE TABLE log_checkpoints (
    site         TEXT    NOT NULL,
    epoch        BIGINT NOT NULL,
    size         BIGINT NOT NULL,
    note         TEXT    NOT NULL,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (site, epoch, size)
);

-- Public keys that have signed, so that another key is noticed. `purpose`: head, receipt.
CREATE TABLE log_keys (
    purpose    TEXT    NOT NULL,
    public     BYTEA   NOT NULL,
    created_at BIGINT NOT NULL,
    retired_at BIGINT,
    PRIMARY KEY (purpose, public)
);

-- The head of each bundle of a whole log, so that the next one can be linked to it.
CREATE TABLE bundles (
    site    TEXT    NOT NULL,
    epoch   BIGINT NOT NULL,
    size    BIGINT NOT NULL,
    root    BYTEA   NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (site, epoch, size)
);

-- Answers that are counted and not kept: refusals where the policy says so, and records at the end of their time.
CREATE TABLE counts (
    site           TEXT    NOT NULL,
    -- Days since 1970-01-01 UTC.
    day            BIGINT NOT NULL,
    policy_version BIGINT NOT NULL,
    event          TEXT    NOT NULL,
    count          BIGINT NOT NULL,
    PRIMARY KEY (site, day, policy_version, event)
);

-- Records that must stay for now, whatever their time and whoever asks.
CREATE TABLE holds (
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL REFERENCES sites (site),
    -- One record; every record of the site if NULL.
    record     BYTEA,
    reason     TEXT    NOT NULL,
    created_at BIGINT NOT NULL,
    lifted_at  BIGINT
);

-- How far the end of records' time has been looked after: leaves before this one are done.
CREATE TABLE retention (
    site TEXT    NOT NULL PRIMARY KEY REFERENCES sites (site),
    done BIGINT NOT NULL
);
