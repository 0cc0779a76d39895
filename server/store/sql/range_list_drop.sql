-- Forget a list.
-- in:    name text
-- rows:  none
-- index: range_list.name
DELETE FROM range_list WHERE name = $1
