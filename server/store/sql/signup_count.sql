-- How many wait to be confirmed.
-- out:   count int
-- rows:  one
-- index: none; the table is small
SELECT count(*) FROM signup
