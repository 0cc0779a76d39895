-- Every password hash, to judge its strength.
-- out:   password text
-- rows:  many
-- index: none
SELECT password FROM account
