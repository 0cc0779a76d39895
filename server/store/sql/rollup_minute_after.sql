-- The minutes of one of an owner's series after one of them.
-- in:    account_id int, series_id int, after_minute int, at_most int
-- out:   minute int, min real, max real, sum real, count int
-- rows:  many
-- index: series primary key
SELECT r.minute, r.min, r.max, r.sum, r.count
FROM series s JOIN device d ON d.id = s.device_id JOIN rollup_minute r ON r.series_id = s.id
WHERE d.account_id = $1 AND s.id = $2 AND r.minute > $3 ORDER BY r.minute LIMIT $4
