-- Sources that write the longitude first, against the standard.

-- Whether what a key posts is read so.
ALTER TABLE api_key ADD COLUMN longitude_first BIGINT NOT NULL DEFAULT 0;
-- Whether an alert was read so: its original is read again, and must say the same.
ALTER TABLE alert ADD COLUMN longitude_first BIGINT NOT NULL DEFAULT 0;
