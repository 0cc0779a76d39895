-- Every live session, to rebuild the core's memory at start.
-- in:    now_ms int
-- out:   digest blob, device_id int, opened_at_ms int, expires_at_ms int
-- rows:  many
-- index: none, at start only
SELECT digest, device_id, opened_at_ms, expires_at_ms FROM device_session WHERE expires_at_ms > $1
ORDER BY opened_at_ms
