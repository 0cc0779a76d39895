-- Sessions that change their id, can be listed and confirmed; browsers that have signed in before;
-- API keys that end.
-- Undo: none; sessions of before end with it, and their owners sign in again.

DROP TABLE browser_session;
CREATE TABLE browser_session (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    -- what the cookie says: its digest, and the one before (server/domain/browser_session.h)
    digest          BLOB    NOT NULL UNIQUE,
    previous        BLOB    NOT NULL DEFAULT x'',
    salt            BLOB    NOT NULL DEFAULT x'', -- makes the id of the one before, until it was seen
    rotated_at_ms   INTEGER NOT NULL,             -- when digest was made,
    seen_at_ms      INTEGER NOT NULL,             -- and first shown; 0: not yet
    csrf_token      TEXT    NOT NULL,
    confirmed_at_ms INTEGER NOT NULL,             -- when its owner last proved who they are
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL,
    peer            BLOB    NOT NULL,             -- address of the last use
    browser         TEXT    NOT NULL,             -- words of ours (server/domain/user_agent.h)
    system          TEXT    NOT NULL,
    signed_in_with  INTEGER NOT NULL              -- enum sign_in_way
) STRICT;
CREATE INDEX browser_session_account ON browser_session (account_id, last_used_at_ms);
CREATE INDEX browser_session_previous ON browser_session (previous);

-- A browser that somebody has signed in with. It opens nothing: it has an allowance of its own.
-- One browser may be known to several accounts by the same digest.
CREATE TABLE known_browser (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    digest     BLOB    NOT NULL,
    used_at_ms INTEGER NOT NULL,
    PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX known_browser_digest ON known_browser (digest);
CREATE INDEX known_browser_account ON known_browser (account_id, used_at_ms);

ALTER TABLE api_key ADD COLUMN expires_at_ms INTEGER NOT NULL DEFAULT 0; -- 0: never
ALTER TABLE account ADD COLUMN signed_in_at_ms INTEGER NOT NULL DEFAULT 0; -- last; 0: never
