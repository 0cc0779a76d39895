-- An address for which somebody at another address has registered as well: all its sign-ups are in dispute.
-- in:    email text, peer blob
-- rows:  none
-- index: signup_email
UPDATE signup SET is_disputed = 1
WHERE email = $1 AND EXISTS (SELECT 1 FROM signup WHERE email = $1 AND (peer <> $2 OR is_disputed = 1))
