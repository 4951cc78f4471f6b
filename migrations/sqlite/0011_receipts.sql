-- What devices tell of a broadcast. key makes and opens its receipts. key and bitmaps are sealed under the vault's key,
-- and are erased when retention ends: then only the counts are left, which tell nothing of anyone.
CREATE TABLE receipt (
    broadcast TEXT NOT NULL,
    key BLOB,
    displayed_bits BLOB,
    opened_bits BLOB,
    not_relevant_bits BLOB,
    displayed INTEGER NOT NULL DEFAULT 0,
    opened INTEGER NOT NULL DEFAULT 0,
    not_relevant INTEGER NOT NULL DEFAULT 0,
    -- A histogram of milliseconds from received to displayed; none before the first.
    displayed_after BLOB,
    CONSTRAINT receipt_broadcast PRIMARY KEY (broadcast),
    CONSTRAINT receipt_of_broadcast FOREIGN KEY (broadcast) REFERENCES broadcast (id),
    CONSTRAINT receipt_counts CHECK (displayed >= 0 AND opened >= 0 AND not_relevant >= 0),
    CONSTRAINT receipt_erased_whole CHECK
        (key IS NOT NULL OR (displayed_bits IS NULL AND opened_bits IS NULL AND not_relevant_bits IS NULL))
) STRICT;
CREATE INDEX receipt_to_erase ON receipt (broadcast) WHERE key IS NOT NULL;

-- A histogram of milliseconds from received to accepted; none before the first.
ALTER TABLE batch ADD COLUMN accepted_after BLOB;
