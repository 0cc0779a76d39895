-- What the device says is.
-- in:    id int, reported text, version int, at_ms int
-- rows:  none
-- index: device primary key
UPDATE device SET reported = $2, reported_version = $3, reported_at_ms = $4 WHERE id = $1
