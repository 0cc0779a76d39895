-- Registration: who the device is and how it will prove it.
-- in:    id int, at_ms int, mac blob, chip text, firmware_version text, salt blob, iterations int, stored_key blob, server_key blob
-- rows:  none
-- index: device primary key
UPDATE device SET registered_at_ms = $2, mac = $3, chip = $4, firmware_version = $5, salt = $6,
       iterations = $7, stored_key = $8, server_key = $9, session_at_ms = 0
WHERE id = $1
