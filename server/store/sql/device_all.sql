-- Every registered device, to rebuild the core's memory at start.
-- out:   id int, account_id int, public_id text, mac blob, interval_s int, desired_version int, registered_at_ms int, first_reading_at_ms int
-- rows:  many
-- index: none, at start only
SELECT id, account_id, public_id, mac, interval_s, desired_version, registered_at_ms,
       first_reading_at_ms
FROM device
WHERE registered_at_ms > 0 ORDER BY id
