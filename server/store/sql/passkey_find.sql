-- Whose passkey is this, of an active account.
-- in:    credential_id blob
-- out:   id int, account_id int, name text, algorithm int, public_key blob, sign_count int, handle blob
-- rows:  one
-- index: passkey.credential_id
SELECT p.id, p.account_id, p.name, p.algorithm, p.public_key, p.sign_count, f.passkey_handle
FROM passkey p JOIN second_factor f ON f.account_id = p.account_id JOIN account a ON a.id = p.account_id
WHERE p.credential_id = $1 AND a.is_active = 1
