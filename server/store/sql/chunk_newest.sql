-- The newest chunk, 0 when there is none.
-- out:   id int
-- rows:  one
-- index: chunk primary key
SELECT coalesce(max(id), 0) FROM chunk
