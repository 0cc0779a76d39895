-- Chunks up to this one have been worked in.
-- in:    name text, chunk_id int
-- rows:  none
-- index: watermark primary key
UPDATE watermark SET chunk_id = $2 WHERE name = $1
