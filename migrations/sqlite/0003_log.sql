-- The Merkle tree over each site's leaves. Times are milliseconds since 1970-01-01 UTC.

-- What a site's log is called. A second epoch exists only where a backup was put back: the log goes on with the
-- leaves that are there, under another name, instead of forking.
CREATE TABLE log_epochs (
    site       TEXT    NOT NULL REFERENCES sites (site),
    epoch      INTEGER NOT NULL,
    origin     TEXT    NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (site, epoch)
) STRICT;

INSERT INTO log_epochs (site, epoch, origin, created_at)
SELECT sites.site, 1, replace(json_extract(document, '$.domains[0]'), '*.', '') || '/avow/' || sites.site, sites.created_at
FROM sites JOIN policy_versions ON policy_versions.site = sites.site AND policy_versions.version = 1;

ALTER TABLE log_heads ADD COLUMN epoch INTEGER NOT NULL DEFAULT 1;
-- Root of the epoch's tree; NULL until the tree over leaves from before this migration is built.
ALTER TABLE log_heads ADD COLUMN root BLOB;

-- Full tiles (C2SP tlog-tiles): 256 hashes. Those that are not full yet follow from the leaves and tiles below.
CREATE TABLE log_tiles (
    site       TEXT    NOT NULL,
    level      INTEGER NOT NULL,
    tile_index INTEGER NOT NULL,
    -- The node above the tile, first: it is read without the hashes.
    root       BLOB    NOT NULL,
    hashes     BLOB    NOT NULL,
    PRIMARY KEY (site, level, tile_index)
) STRICT;

-- What entries other than records stand for.
CREATE TABLE manifests (
    site       TEXT    NOT NULL,
    leaf_index INTEGER NOT NULL,
    kind       INTEGER NOT NULL,
    -- What it is about, once per kind: `policy/3`, `build/0123…`, the leaf that was erased.
    name       TEXT    NOT NULL,
    manifest   TEXT    NOT NULL,
    PRIMARY KEY (site, leaf_index),
    UNIQUE (site, kind, name)
) STRICT;

-- Heads as published, with every signature.
CREATE TABLE log_checkpoints (
    site         TEXT    NOT NULL,
    epoch        INTEGER NOT NULL,
    size         INTEGER NOT NULL,
    note         TEXT    NOT NULL,
    published_at INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, size)
) STRICT;

-- Public keys that have signed, so that another key is noticed. `purpose`: head, receipt.
CREATE TABLE log_keys (
    purpose    TEXT    NOT NULL,
    public     BLOB    NOT NULL,
    created_at INTEGER NOT NULL,
    retired_at INTEGER,
    PRIMARY KEY (purpose, public)
) STRICT;

-- The head of each bundle of a whole log, so that the next one can be linked to it.
CREATE TABLE bundles (
    site    TEXT    NOT NULL,
    epoch   INTEGER NOT NULL,
    size    INTEGER NOT NULL,
    root    BLOB    NOT NULL,
    made_at INTEGER NOT NULL,
    PRIMARY KEY (site, epoch, size)
) STRICT;

-- Answers that are counted and not kept: refusals where the policy says so, and records at the end of their time.
CREATE TABLE counts (
    site           TEXT    NOT NULL,
    -- Days since 1970-01-01 UTC.
    day            INTEGER NOT NULL,
    policy_version INTEGER NOT NULL,
    event          TEXT    NOT NULL,
    count          INTEGER NOT NULL,
    PRIMARY KEY (site, day, policy_version, event)
) STRICT;

-- Records that must stay for now, whatever their time and whoever asks.
CREATE TABLE holds (
    id         TEXT    NOT NULL PRIMARY KEY,
    site       TEXT    NOT NULL REFERENCES sites (site),
    -- One record; every record of the site if NULL.
    record     BLOB,
    reason     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    lifted_at  INTEGER
) STRICT;

-- How far the end of records' time has been looked after: leaves before this one are done.
CREATE TABLE retention (
    site TEXT    NOT NULL PRIMARY KEY REFERENCES sites (site),
    done INTEGER NOT NULL
) STRICT;
