-- End one session.
-- in:    digest blob
-- rows:  none
-- index: device_session primary key
DELETE FROM device_session WHERE digest = $1
