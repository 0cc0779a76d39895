-- No link for this subject and purpose is good any more.
-- in:    purpose int, subject_id int
-- rows:  none
-- index: mail_token_subject
DELETE FROM mail_token WHERE purpose = $1 AND subject_id = $2
