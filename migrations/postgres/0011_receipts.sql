-- What devices tell of a broadcast. key makes and opens its receipts. key and bitmaps are sealed under the vault's key,
-- and are erased when retention ends: then only the counts are left, which tell nothing of anyone.
CREATE TABLE receipt (
    broadcast TEXT NOT NULL,
    key BYTEA,
    displayed_bits BYTEA,
    opened_bits BYTEA,
    not_relevant_bits BYTEA,
    displayed BIGINT NOT NULL DEFAULT 0,
    opened BIGINT NOT NULL DEFAULT 0,
    not_relevant BIGINT NOT NULL DEFAULT 0,
    -- A histogram of milliseconds from received to displayed; none before the first.
    displayed_after BYTEA,
    CONSTRAINT receipt_broadcast PRIMARY KEY (broadcast),
    CONSTRAINT receipt_of_broadcast FOREIGN KEY (broadcast) REFERENCES broadcast (id),
    CONSTRAINT receipt_counts CHECK (displayed >= 0 AND opened >= 0 AND not_relevant >= 0),
    CONSTRAINT receipt_erased_whole CHECK
        (key IS NOT NULL OR (displayed_bits IS NULL AND opened_bits IS NULL AND not_relevant_bits IS NULL))
);
CREATE INDEX receipt_to_erase ON receipt (broadcast) WHERE key IS NOT NULL;

-- A histogram of milliseconds from received to accepted; none before the first.
ALTER TABLE batch ADD COLUMN accepted_after BYTEA;
