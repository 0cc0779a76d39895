-- All readings of one transaction.
-- in:    id int, data blob
-- rows:  none
-- index: chunk primary key
INSERT INTO chunk (id, data) VALUES ($1, $2)
