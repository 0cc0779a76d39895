-- A mail has left, or is not wanted any more.
-- in:    id int
-- rows:  none
-- index: mail primary key
DELETE FROM mail WHERE id = $1
