-- The account that signs in with this address.
-- in:    email text
-- out:   id int, password text, is_active int
-- rows:  one
-- index: account.email
SELECT id, password, is_active FROM account WHERE email = $1
