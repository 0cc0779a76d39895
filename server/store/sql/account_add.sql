-- A new account; a known address is a constraint error. A number that stands in the trail is never
-- given again: nobody reads the trail of an account that is gone.
-- in:    email text, password text, is_admin int, is_active int, created_at_ms int
-- rows:  none
-- index: account.email, account primary key, audit_account
INSERT INTO account (id, email, password, is_admin, is_active, created_at_ms)
VALUES (1 + max((SELECT coalesce(max(id), 0) FROM account), (SELECT coalesce(max(account_id), 0) FROM audit)),
        $1, $2, $3, $4, $5)
