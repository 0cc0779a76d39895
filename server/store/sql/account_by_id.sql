-- Who a session belongs to.
-- in:    account_id int
-- out:   email text, is_admin int, is_active int
-- rows:  one
-- index: account primary key
SELECT email, is_admin, is_active FROM account WHERE id = $1
