-- The oldest gives way.
-- rows:  none
-- index: signup primary key
DELETE FROM signup WHERE id = (SELECT min(id) FROM signup)
