-- The first reading is on disk.
-- in:    id int, at_ms int
-- rows:  none
-- index: device primary key
UPDATE device SET first_reading_at_ms = $2 WHERE id = $1 AND first_reading_at_ms = 0
