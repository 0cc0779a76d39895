-- How often a mail was tried.
-- in:    id int
-- out:   attempts int
-- rows:  one
-- index: mail primary key
SELECT attempts FROM mail WHERE id = $1 AND failed_at_ms = 0
