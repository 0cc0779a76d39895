-- A value made at first start.
-- in:    name text
-- out:   value blob
-- rows:  one
-- index: secret primary key
SELECT value FROM secret WHERE name = $1
