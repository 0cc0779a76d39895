-- Second factors: authenticator apps, recovery codes, passkeys.
-- Undo: drop the three tables; accounts are then reached with their passwords alone.

-- Of an account that has ever begun with one.
CREATE TABLE second_factor (
    account_id      INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    -- The seed of the authenticator app, sealed by the vault with a key that is not here; '': none.
    totp_sealed     BLOB    NOT NULL DEFAULT x'',
    totp_since_ms   INTEGER NOT NULL DEFAULT 0,
    totp_step       INTEGER NOT NULL DEFAULT 0, -- half minutes since 1970: the last one used
    -- One that has been shown, and waits for its first code.
    pending_sealed  BLOB    NOT NULL DEFAULT x'',
    pending_at_ms   INTEGER NOT NULL DEFAULT 0,
    -- What authenticators know the account by: 32 random bytes; '': no passkey was ever begun.
    passkey_handle  BLOB    NOT NULL DEFAULT x''
) STRICT;

-- Codes on paper. One that was used is gone.
CREATE TABLE recovery_code (
    account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    digest     BLOB    NOT NULL,
    PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

-- Public keys of authenticators. Nothing here is secret.
CREATE TABLE passkey (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    account_id      INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    name            TEXT    NOT NULL,
    credential_id   BLOB    NOT NULL UNIQUE,
    algorithm       INTEGER NOT NULL, -- COSE: -7, -8, -257
    public_key      BLOB    NOT NULL,
    sign_count      INTEGER NOT NULL, -- as last seen; 0: the authenticator does not count
    created_at_ms   INTEGER NOT NULL,
    last_used_at_ms INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX passkey_account ON passkey (account_id, id);
