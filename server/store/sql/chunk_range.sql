-- Chunks committed in a stretch of time, oldest first.
-- in:    after_id int, up_to_id int, at_most int
-- out:   id int, data blob
-- rows:  many
-- index: chunk primary key
SELECT id, data FROM chunk WHERE id > $1 AND id <= $2 ORDER BY id LIMIT $3
