-- Addresses that looked for weak spots, until when they are answered only with a credential.
CREATE TABLE ban (
    address  BLOB    PRIMARY KEY, -- 16 bytes: IPv4-mapped, or an IPv6 /64 with zeros behind
    since_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL,
    path     TEXT    NOT NULL     -- what it asked for
) STRICT, WITHOUT ROWID;

-- Networks that are never banned.
CREATE TABLE ban_exemption (
    first BLOB NOT NULL, -- 16 bytes
    last  BLOB NOT NULL,
    text  TEXT NOT NULL, -- as it was given: 192.0.2.0/24
    PRIMARY KEY (first, last)
) STRICT, WITHOUT ROWID;
