-- The latest values of a device, as far as watermark.live.
-- in:    device_id int, data blob
-- rows:  none
-- index: live primary key
INSERT INTO live (device_id, data) SELECT $1, $2 WHERE EXISTS (SELECT 1 FROM device WHERE id = $1)
ON CONFLICT (device_id) DO UPDATE SET data = excluded.data
