-- The first schema: owners and how they sign in, devices and how they prove who they are, their
-- readings, and the audit trail.
-- Undo: none needed, it is the first.
-- Conventions: times are milliseconds since 1970-01-01 UTC, 0 for "never"; a digest is the SHA-256
-- of a secret that is itself nowhere in the file.

CREATE TABLE account (
    id            INTEGER PRIMARY KEY,
    email         TEXT    NOT NULL UNIQUE, -- lower case
    password      TEXT    NOT NULL,        -- pbkdf2_sha256$iterations$salt$hash
    is_admin      INTEGER NOT NULL,
    is_active     INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE browser_session (
    digest          BLOB    PRIMARY KEY,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    csrf_token      TEXT    NOT NULL,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX browser_session_account ON browser_session (account_id);

CREATE TABLE api_key (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    scope           INTEGER NOT NULL, -- enum scope
    digest          BLOB    NOT NULL UNIQUE,
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX api_key_account ON api_key (account_id);

CREATE TABLE device (
    id                  INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: chunks name it
    public_id           TEXT    NOT NULL UNIQUE,
    account_id          INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name                TEXT    NOT NULL,
    board               TEXT    NOT NULL,
    created_at_ms       INTEGER NOT NULL,
    -- what registration brings
    registered_at_ms    INTEGER NOT NULL DEFAULT 0,
    mac                 BLOB    NOT NULL DEFAULT x'',
    chip                TEXT    NOT NULL DEFAULT '',
    firmware_version    TEXT    NOT NULL DEFAULT '',
    -- SCRAM verifier (RFC 5802 section 3): with these nobody can pose as the device
    salt                BLOB    NOT NULL DEFAULT x'',
    iterations          INTEGER NOT NULL DEFAULT 0,
    stored_key          BLOB    NOT NULL DEFAULT x'',
    server_key          BLOB    NOT NULL DEFAULT x'',
    -- what it has done since
    session_at_ms       INTEGER NOT NULL DEFAULT 0,
    first_reading_at_ms INTEGER NOT NULL DEFAULT 0,
    -- state: what the owner wants, what the device says
    interval_s          INTEGER NOT NULL DEFAULT 10,
    desired             TEXT    NOT NULL DEFAULT '{}',
    desired_version     INTEGER NOT NULL DEFAULT 0,
    reported            TEXT    NOT NULL DEFAULT '{}',
    reported_version    INTEGER NOT NULL DEFAULT 0,
    reported_at_ms      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX device_account ON device (account_id, id);

CREATE TABLE registration_token (
    device_id      INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    digest         BLOB    NOT NULL UNIQUE,
    expires_at_ms  INTEGER NOT NULL,
    spent_at_ms    INTEGER NOT NULL DEFAULT 0,
    spent_mac      BLOB    NOT NULL DEFAULT x'',
    -- the last refusal, told to the owner and to nobody else
    refusals       INTEGER NOT NULL DEFAULT 0,
    refused_at_ms  INTEGER NOT NULL DEFAULT 0,
    refused_reason TEXT    NOT NULL DEFAULT '',
    refused_mac    BLOB    NOT NULL DEFAULT x''
) STRICT;

CREATE TABLE device_session (
    digest        BLOB    PRIMARY KEY,
    device_id     INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    opened_at_ms  INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX device_session_device ON device_session (device_id);

-- A series is one metric of one device.
CREATE TABLE series (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    device_id INTEGER NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    metric    TEXT    NOT NULL,
    UNIQUE (device_id, metric)
) STRICT;

-- All readings of one transaction, packed (server/domain/chunk.h). The id is the time of the commit
-- in microseconds, so that a stretch of time is a range of ids.
CREATE TABLE chunk (
    id   INTEGER PRIMARY KEY,
    data BLOB NOT NULL
) STRICT;

CREATE TABLE rollup_minute (
    series_id INTEGER NOT NULL REFERENCES series (id) ON DELETE CASCADE,
    minute    INTEGER NOT NULL, -- minutes since 1970-01-01 UTC
    min       REAL    NOT NULL,
    max       REAL    NOT NULL,
    sum       REAL    NOT NULL,
    count     INTEGER NOT NULL,
    PRIMARY KEY (series_id, minute)
) STRICT, WITHOUT ROWID;

-- The latest values and batch ids of a device as of the chunk in watermark.live: with the chunks
-- after it, the core's memory can be rebuilt.
CREATE TABLE live (
    device_id INTEGER PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    data      BLOB NOT NULL
) STRICT;

-- How far chunks have been worked into other tables.
CREATE TABLE watermark (
    name     TEXT PRIMARY KEY, -- rollup, live
    chunk_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO watermark (name, chunk_id) VALUES ('rollup', 0), ('live', 0);

CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms      INTEGER NOT NULL,
    account_id INTEGER NOT NULL, -- whose trail; 0 when nobody's
    event      TEXT    NOT NULL,
    subject    TEXT    NOT NULL, -- what it was done to
    peer       BLOB    NOT NULL, -- from which address
    detail     TEXT    NOT NULL
) STRICT;
CREATE INDEX audit_account ON audit (account_id, id);

-- Values made once at first start.
CREATE TABLE secret (
    name  TEXT PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
