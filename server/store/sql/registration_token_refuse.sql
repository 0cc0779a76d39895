-- Somebody was refused with this token: the owner may know why.
-- in:    device_id int, at_ms int, reason text, mac blob
-- rows:  none
-- index: registration_token primary key
UPDATE registration_token SET refusals = refusals + 1, refused_at_ms = $2, refused_reason = $3, refused_mac = $4
WHERE device_id = $1
