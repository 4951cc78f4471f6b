-- Which import of named areas the index had, and which the database: a place that is a named area is where that says.
ALTER TABLE audience_proof ADD COLUMN index_import BIGINT NOT NULL DEFAULT 0;
ALTER TABLE audience_proof ADD COLUMN database_import BIGINT NOT NULL DEFAULT 0;
