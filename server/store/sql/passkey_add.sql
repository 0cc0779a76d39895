-- A passkey. ERR_CONFLICT when its credential is somebody's already.
-- in:    account_id int, name text, credential_id blob, algorithm int, public_key blob, sign_count int, now_ms int
-- rows:  none
-- index: passkey.credential_id
INSERT INTO passkey (account_id, name, credential_id, algorithm, public_key, sign_count, created_at_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7)
