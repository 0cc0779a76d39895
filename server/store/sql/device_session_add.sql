-- A device has proved who it is.
-- in:    digest blob, device_id int, opened_at_ms int, expires_at_ms int
-- rows:  none
-- index: device_session primary key
INSERT INTO device_session (digest, device_id, opened_at_ms, expires_at_ms) VALUES ($1, $2, $3, $4)
