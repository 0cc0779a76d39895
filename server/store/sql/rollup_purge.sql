-- A slice of the minutes that belong to an account that is no more.
-- in:    account_id int, at_most int
-- rows:  none
-- index: rollup_minute primary key
DELETE FROM rollup_minute WHERE (series_id, minute) IN (
    SELECT r.series_id, r.minute
    FROM device d JOIN series s ON s.device_id = d.id JOIN rollup_minute r ON r.series_id = s.id
    WHERE d.account_id = $1 LIMIT $2)
