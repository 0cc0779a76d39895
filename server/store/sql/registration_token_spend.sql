-- One device has used the token.
-- in:    device_id int, at_ms int, mac blob
-- rows:  none
-- index: registration_token primary key
UPDATE registration_token SET spent_at_ms = $2, spent_mac = $3 WHERE device_id = $1
