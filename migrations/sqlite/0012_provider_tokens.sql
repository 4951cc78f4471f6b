-- The tokens by which push services know us, one for each of our keys, shared by all nodes; sealed under the vault's
-- key. Times are real ones.
CREATE TABLE provider_token (
    name TEXT NOT NULL,
    sealed BLOB NOT NULL,
    minted_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    CONSTRAINT provider_token_key PRIMARY KEY (name)
) STRICT;
