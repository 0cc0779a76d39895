-- Other numbers whenever a list was replaced, added or dropped.
-- out:   count int, networks int, labels int, times int
-- rows:  one
-- index: none, at most RANGE_LISTS_MAX rows
SELECT count(*), coalesce(sum(networks), 0), coalesce(sum(providers + 1), 0), coalesce(sum(loaded_at_ms), 0) FROM range_list
