-- How many secrets the database knows of, and how many of those rest as something else than a SHA-256.
-- out:   odd int, count int
-- rows:  one
-- index: none: asked by `oceanremote prove` alone
SELECT coalesce(sum(length(digest) <> 32 OR typeof(digest) <> 'blob'), 0), count(*)
FROM (SELECT digest FROM mail_token
      UNION ALL SELECT digest FROM browser_session
      UNION ALL SELECT digest FROM known_browser
      UNION ALL SELECT digest FROM recovery_code
      UNION ALL SELECT digest FROM api_key
      UNION ALL SELECT digest FROM registration_token
      UNION ALL SELECT digest FROM device_session)
