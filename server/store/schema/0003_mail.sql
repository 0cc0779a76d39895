-- Mails that wait to leave, as what they are about: their words and their tokens are made when they
-- do, so that no token rests here in clear.
CREATE TABLE mail (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT,
    kind               TEXT    NOT NULL, -- server/domain/mail.h
    recipient          TEXT    NOT NULL,
    account_id         INTEGER NOT NULL, -- whose trail it belongs to; 0: nobody's
    subject_id         INTEGER NOT NULL, -- what its token is for: a sign-up, an account
    detail             TEXT    NOT NULL, -- one line that its words quote
    peer               BLOB    NOT NULL, -- who caused it
    created_at_ms      INTEGER NOT NULL,
    expires_at_ms      INTEGER NOT NULL, -- not worth sending after that
    attempts           INTEGER NOT NULL DEFAULT 0,
    next_attempt_at_ms INTEGER NOT NULL,
    failed_at_ms       INTEGER NOT NULL DEFAULT 0, -- given up, kept for whoever runs the server
    error              TEXT    NOT NULL DEFAULT ''  -- of the last attempt
) STRICT;
CREATE INDEX mail_due ON mail (failed_at_ms, next_attempt_at_ms);

-- The links in mails. Each attempt to send one makes another token; all of a subject and purpose
-- are good until one is used.
CREATE TABLE mail_token (
    digest        BLOB    PRIMARY KEY,
    purpose       INTEGER NOT NULL, -- enum mail_purpose
    subject_id    INTEGER NOT NULL, -- a sign-up or an account
    email         TEXT    NOT NULL, -- the address that the mail went to
    expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_token_subject ON mail_token (purpose, subject_id);
