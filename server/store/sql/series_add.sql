-- A metric that a device has not sent before.
-- in:    device_id int, metric text
-- rows:  none
-- index: series.device_id, metric
INSERT INTO series (device_id, metric) VALUES ($1, $2)
