-- How many wait to be confirmed.
-- out:   count int
-- rows:  one
-- index: none: all of them, at most SIGNUPS_MAX
SELECT count(*) FROM signup
