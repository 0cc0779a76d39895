-- How many wait to be confirmed.
-- out:   count int
-- rows:  one
-- index: signup_email
SELECT count(*) FROM signup
