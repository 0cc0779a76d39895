-- How many registrations of this hour admins were told of, and how many not.
-- out:   hour_begun_ms int, told int, untold int
-- rows:  one
-- index: signup_watch primary key
SELECT hour_begun_ms, told, untold FROM signup_watch WHERE only = 1
