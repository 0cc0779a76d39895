-- The minutes of one metric of one of an owner's devices.
-- in:    account_id int, device_id int, metric text, from_minute int, to_minute int
-- out:   minute int, min real, max real, sum real, count int
-- rows:  many
-- index: rollup_minute primary key
SELECT r.minute, r.min, r.max, r.sum, r.count
FROM device d JOIN series s ON s.device_id = d.id JOIN rollup_minute r ON r.series_id = s.id
WHERE d.account_id = $1 AND d.id = $2 AND s.metric = $3 AND r.minute >= $4 AND r.minute < $5
ORDER BY r.minute
