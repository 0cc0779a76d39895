-- How many are remembered, at most: they are forgotten in the order they came.
-- out:   count int
-- rows:  one
-- index: mail_asked primary key
SELECT coalesce(max(id) - (SELECT min(id) FROM mail_asked) + 1, 0) FROM mail_asked
