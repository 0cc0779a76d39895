-- Whoever administers the server and can sign in.
-- out:   id int, email text
-- rows:  many
-- index: none but account_admin, which holds admins alone
SELECT id, email FROM account WHERE is_admin = 1 AND is_active = 1 ORDER BY id LIMIT 20
