-- Is there anybody yet?
-- out:   count int
-- rows:  one
-- index: none, at start only
SELECT count(*) FROM account
