-- The device a registration token was made for.
-- in:    digest blob
-- out:   device_id int, account_id int, public_id text, interval_s int, desired_version int, session_at_ms int, expires_at_ms int, spent_at_ms int, spent_mac blob
-- rows:  one
-- index: registration_token.digest
SELECT t.device_id, d.account_id, d.public_id, d.interval_s, d.desired_version, d.session_at_ms, t.expires_at_ms, t.spent_at_ms, t.spent_mac
FROM registration_token t JOIN device d ON d.id = t.device_id
WHERE t.digest = $1
