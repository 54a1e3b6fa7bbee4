-- Files that manifests name by their hash: what a browser got of each widget build, and the pictures of it.
CREATE TABLE artefacts (
    -- 64 hexadecimal characters.
    sha256  TEXT   NOT NULL PRIMARY KEY,
    bytes   BYTEA  NOT NULL,
    -- Milliseconds since 1970-01-01 UTC.
    kept_at BIGINT NOT NULL
);
