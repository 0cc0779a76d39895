-- Every network that is never banned.
-- out:   first blob, last blob, text text
-- rows:  many
-- index: none, at most EXEMPTIONS_MAX rows
SELECT first, last, text FROM ban_exemption ORDER BY first, last
