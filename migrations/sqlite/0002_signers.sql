-- Keys pinned for senders of alerts. key is a SubjectPublicKeyInfo in DER.

CREATE TABLE signer (
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    name TEXT NOT NULL,
    key BLOB NOT NULL,
    created_ms INTEGER NOT NULL,
    CONSTRAINT signer_id PRIMARY KEY (id),
    CONSTRAINT signer_key UNIQUE (sender, key)
) STRICT;
