-- How often something was noted about a subject since then, with the address it came from, among the
-- newest thousand entries.
-- in:    event text, subject text, since_ms int
-- out:   count int
-- rows:  one
-- index: audit primary key
SELECT count(*) FROM audit
WHERE id > (SELECT coalesce(max(id), 0) FROM audit) - 1000
  AND event = $1 AND subject = $2 AND at_ms >= $3 AND peer IS NOT NULL
