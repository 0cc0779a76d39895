-- The account is no more: nobody signs in to it, its address is free. An address has an @, so that
-- no mail address is ever this one.
-- in:    account_id int, at_ms int
-- rows:  none
-- index: account primary key
UPDATE account SET email = 'removed-' || id, password = '', is_admin = 0, is_active = 0, removed_at_ms = $2
WHERE id = $1
