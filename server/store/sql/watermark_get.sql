-- How far chunks have been worked in.
-- in:    name text
-- out:   chunk_id int
-- rows:  one
-- index: watermark primary key
SELECT chunk_id FROM watermark WHERE name = $1
