-- Add readings to a minute of a series; late ones join what is there.
-- in:    series_id int, minute int, min real, max real, sum real, count int
-- rows:  none
-- index: rollup_minute primary key
INSERT INTO rollup_minute (series_id, minute, min, max, sum, count)
SELECT $1, $2, $3, $4, $5, $6 WHERE EXISTS (SELECT 1 FROM series WHERE id = $1)
ON CONFLICT (series_id, minute) DO UPDATE SET
    min = CASE WHEN excluded.min < rollup_minute.min THEN excluded.min ELSE rollup_minute.min END,
    max = CASE WHEN excluded.max > rollup_minute.max THEN excluded.max ELSE rollup_minute.max END,
    sum = rollup_minute.sum + excluded.sum, count = rollup_minute.count + excluded.count
