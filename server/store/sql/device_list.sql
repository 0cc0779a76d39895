-- A page of an owner's devices, oldest first.
-- in:    account_id int, after_id int, at_most int
-- out:   id int, public_id text, name text, board text, created_at_ms int, registered_at_ms int, mac blob, chip text, firmware_version text, session_at_ms int, first_reading_at_ms int, interval_s int, desired text, desired_version int, reported text, reported_version int, reported_at_ms int, token_expires_at_ms int, token_spent_at_ms int, token_refusals int, token_refused_at_ms int, token_refused_reason text, token_refused_mac blob
-- rows:  many
-- index: device_account
SELECT d.id, d.public_id, d.name, d.board, d.created_at_ms, d.registered_at_ms, d.mac, d.chip, d.firmware_version,
       d.session_at_ms, d.first_reading_at_ms, d.interval_s, d.desired, d.desired_version,
       d.reported, d.reported_version, d.reported_at_ms,
       coalesce(t.expires_at_ms, 0), coalesce(t.spent_at_ms, 0), coalesce(t.refusals, 0),
       coalesce(t.refused_at_ms, 0), coalesce(t.refused_reason, ''), coalesce(t.refused_mac, '')
FROM device d LEFT JOIN registration_token t ON t.device_id = d.id
WHERE d.account_id = $1 AND d.id > $2 ORDER BY d.id LIMIT $3
