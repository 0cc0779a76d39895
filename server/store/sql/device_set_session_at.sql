-- The device has opened a session with its key.
-- in:    id int, at_ms int, firmware_version text
-- rows:  none
-- index: device primary key
UPDATE device SET session_at_ms = $2, firmware_version = $3 WHERE id = $1
