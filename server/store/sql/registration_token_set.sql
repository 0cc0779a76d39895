-- A fresh token for a device; the one before it dies.
-- in:    device_id int, digest blob, expires_at_ms int
-- rows:  none
-- index: registration_token primary key
INSERT INTO registration_token (device_id, digest, expires_at_ms) VALUES ($1, $2, $3)
ON CONFLICT (device_id) DO UPDATE SET digest = excluded.digest, expires_at_ms = excluded.expires_at_ms,
    spent_at_ms = 0, spent_mac = x'', refusals = 0, refused_at_ms = 0, refused_reason = '', refused_mac = x''
