-- How many could administer the server if this account were not.
-- in:    but_id int
-- out:   count int
-- rows:  one
-- index: none; asked when an admin leaves
SELECT count(*) FROM account WHERE is_admin = 1 AND is_active = 1 AND id <> $1
