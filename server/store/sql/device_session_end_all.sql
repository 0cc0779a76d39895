-- End every session of a device.
-- in:    device_id int
-- rows:  none
-- index: device_session_device
DELETE FROM device_session WHERE device_id = $1
