-- What each node found when it compared its index with the database, both at the same change: the last proof of each
-- node, and the latest disagreements. The sums are 64 bits in hexadecimal.
CREATE TABLE audience_proof (
    node TEXT NOT NULL,
    at_ms BIGINT NOT NULL,
    agrees BIGINT NOT NULL,
    change BIGINT NOT NULL,
    index_people BIGINT NOT NULL,
    index_places BIGINT NOT NULL,
    index_sum TEXT NOT NULL,
    database_people BIGINT NOT NULL,
    database_places BIGINT NOT NULL,
    database_sum TEXT NOT NULL,
    took_ms BIGINT NOT NULL,
    CONSTRAINT audience_proof_key PRIMARY KEY (node, at_ms, agrees)
);
