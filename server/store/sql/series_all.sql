-- Every metric of every device, to rebuild the core's memory at start.
-- out:   id int, device_id int, metric text
-- rows:  many
-- index: none, at start only
SELECT id, device_id, metric FROM series ORDER BY device_id, id
