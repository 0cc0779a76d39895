-- The latest values of every device, to rebuild the core's memory at start.
-- out:   device_id int, data blob
-- rows:  many
-- index: none, at start only
SELECT device_id, data FROM live ORDER BY device_id
