-- The highest number of an account, 0 when there is none.
-- out:   id int
-- rows:  one
-- index: account primary key
SELECT coalesce(max(id), 0) FROM account
