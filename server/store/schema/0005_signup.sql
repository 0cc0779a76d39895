-- Accounts that make themselves: who has registered and not yet shown that the address is theirs, how
-- often strangers had something mailed, and accounts on their way out.
-- Undo: drop both tables and the index; nothing else looks at the column.

CREATE TABLE signup (
    id            INTEGER PRIMARY KEY AUTOINCREMENT, -- never used twice: links in mails name it
    email         TEXT    NOT NULL,                  -- lower case; one address may have several
    password      TEXT    NOT NULL,                  -- of the account, should this one be confirmed
    peer          BLOB    NOT NULL,                  -- who registered
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER NOT NULL,
    is_disputed   INTEGER NOT NULL                   -- others, elsewhere, have registered it too
) STRICT;
CREATE INDEX signup_email ON signup (email, id);

-- Mails that whoever is not signed in has caused, for an hour.
CREATE TABLE mail_asked (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    recipient TEXT    NOT NULL,
    kind      TEXT    NOT NULL, -- server/domain/mail.h
    at_ms     INTEGER NOT NULL
) STRICT;
CREATE INDEX mail_asked_recipient ON mail_asked (recipient, kind, at_ms);

-- Not 0: its owner has deleted it. Nobody can reach it any more; what it owned goes in slices.
ALTER TABLE account ADD COLUMN removed_at_ms INTEGER NOT NULL DEFAULT 0;
CREATE INDEX account_removed ON account (removed_at_ms) WHERE removed_at_ms > 0;
