-- When somebody last signed in to this account; 0: never.
-- in:    id int
-- out:   signed_in_at_ms int
-- rows:  one
-- index: account primary key
SELECT signed_in_at_ms FROM account WHERE id = $1
