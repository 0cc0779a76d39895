-- Forget a list.
-- in:    name text
-- rows:  none
-- index: range_list primary key
DELETE FROM range_list WHERE name = $1
