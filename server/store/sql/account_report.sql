-- Every account there is, and how it is protected.
-- in:    after_id int
-- out:   id int, email text, password text, is_admin int, is_active int, created_at_ms int, signed_in_at_ms int, totp_since_ms int, recovery_codes int, passkeys int
-- rows:  many
-- index: account primary key
SELECT a.id, a.email, a.password, a.is_admin, a.is_active, a.created_at_ms, a.signed_in_at_ms,
       coalesce((SELECT totp_since_ms FROM second_factor WHERE account_id = a.id AND totp_sealed != x''), 0),
       (SELECT count(*) FROM recovery_code WHERE account_id = a.id),
       (SELECT count(*) FROM passkey WHERE account_id = a.id)
FROM account a WHERE a.removed_at_ms = 0 AND a.id > $1 ORDER BY a.id
