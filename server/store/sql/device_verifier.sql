-- How a device proves who it is.
-- in:    public_id text
-- out:   id int, account_id int, mac blob, salt blob, iterations int, stored_key blob, server_key blob, interval_s int, firmware_version text
-- rows:  one
-- index: device.public_id
SELECT id, account_id, mac, salt, iterations, stored_key, server_key, interval_s, firmware_version
FROM device WHERE public_id = $1 AND registered_at_ms > 0
