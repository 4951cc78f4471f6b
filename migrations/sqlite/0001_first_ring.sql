-- Everything the first ring stores. Times are integer milliseconds UTC, ids are text, yes and no are 1 and 0, bitmaps
-- are Roaring's portable serialization. The same tables stand in ../postgres under the same file name.

CREATE TABLE setting (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT setting_key PRIMARY KEY (key)
) STRICT;

-- Numbers that must come in the order of commits. The row's lock holds until the transaction ends.
CREATE TABLE counter (
    name TEXT NOT NULL,
    value INTEGER NOT NULL,
    CONSTRAINT counter_name PRIMARY KEY (name)
) STRICT;
INSERT INTO counter (name, value) VALUES ('slot', 0), ('change', 0), ('administrator', 0);

CREATE TABLE operator (
    id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    disabled_ms INTEGER,
    CONSTRAINT operator_id PRIMARY KEY (id),
    CONSTRAINT operator_login UNIQUE (login),
    CONSTRAINT operator_role CHECK (role IN ('administrator', 'operator'))
) STRICT;

CREATE TABLE api_key (
    id TEXT NOT NULL,
    hash BLOB NOT NULL,
    name TEXT NOT NULL,
    senders TEXT NOT NULL,
    action TEXT NOT NULL,
    test INTEGER NOT NULL,
    owner TEXT,
    created_ms INTEGER NOT NULL,
    revoked_ms INTEGER,
    CONSTRAINT api_key_id PRIMARY KEY (id),
    CONSTRAINT api_key_hash UNIQUE (hash),
    CONSTRAINT api_key_owner FOREIGN KEY (owner) REFERENCES operator (id),
    CONSTRAINT api_key_action CHECK (action IN ('ring', 'hold', 'file'))
) STRICT;

-- An alert and all that updates or cancels it. key is its root's, hashed: Topic and tag of its pushes.
CREATE TABLE chain (
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    sender TEXT NOT NULL,
    head TEXT,
    head_sent_ms INTEGER,
    cancelled_ms INTEGER,
    cancelled_by TEXT,
    CONSTRAINT chain_id PRIMARY KEY (id),
    CONSTRAINT chain_key UNIQUE (key)
) STRICT;

CREATE TABLE alert (
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    identifier TEXT NOT NULL,
    sent_ms INTEGER NOT NULL,
    digest BLOB NOT NULL,
    original BLOB NOT NULL,
    chain TEXT NOT NULL,
    status TEXT NOT NULL,
    msg_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    credential TEXT,
    received_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    answer TEXT NOT NULL,
    -- Whose word it is: empty for the sender's own, else the key that posted it under the sender's name.
    voice TEXT NOT NULL,
    CONSTRAINT alert_id PRIMARY KEY (id),
    CONSTRAINT alert_key UNIQUE (sender, identifier, sent_ms, voice),
    CONSTRAINT alert_chain FOREIGN KEY (chain) REFERENCES chain (id),
    CONSTRAINT alert_credential FOREIGN KEY (credential) REFERENCES api_key (id)
) STRICT;
CREATE INDEX alert_received ON alert (received_ms, id);
CREATE INDEX alert_of_chain ON alert (chain);

CREATE TABLE broadcast (
    id TEXT NOT NULL,
    alert TEXT NOT NULL,
    chain TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    tier INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    author TEXT,
    received_ms INTEGER NOT NULL,
    approved_ms INTEGER,
    planned_ms INTEGER,
    finished_ms INTEGER,
    inside INTEGER NOT NULL,
    near INTEGER NOT NULL,
    CONSTRAINT broadcast_id PRIMARY KEY (id),
    CONSTRAINT broadcast_alert UNIQUE (alert),
    CONSTRAINT broadcast_of_alert FOREIGN KEY (alert) REFERENCES alert (id),
    CONSTRAINT broadcast_chain FOREIGN KEY (chain) REFERENCES chain (id),
    CONSTRAINT broadcast_author FOREIGN KEY (author) REFERENCES operator (id),
    CONSTRAINT broadcast_state CHECK
        (state IN ('held', 'approved', 'sending', 'done', 'halted', 'expired', 'filed', 'refused')),
    CONSTRAINT broadcast_tier CHECK (tier BETWEEN 0 AND 3)
) STRICT;
CREATE INDEX broadcast_by_state ON broadcast (state, received_ms);
CREATE INDEX broadcast_of_chain ON broadcast (chain);

-- The counts are the bitmaps' sizes and change with them, so that a broadcast's ledger is one sum.
CREATE TABLE batch (
    id TEXT NOT NULL,
    broadcast TEXT NOT NULL,
    chain TEXT NOT NULL,
    message INTEGER NOT NULL,
    origin TEXT NOT NULL,
    tier INTEGER NOT NULL,
    ring INTEGER NOT NULL,
    not_before_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL,
    state TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    token INTEGER NOT NULL,
    owner TEXT,
    lease_until_ms INTEGER,
    todo_bits BLOB NOT NULL,
    started_bits BLOB NOT NULL,
    accepted_bits BLOB NOT NULL,
    gone_bits BLOB NOT NULL,
    rejected_bits BLOB NOT NULL,
    withdrawn_bits BLOB NOT NULL,
    targeted INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    rejected INTEGER NOT NULL,
    expired INTEGER NOT NULL,
    stopped INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    waiting INTEGER NOT NULL,
    CONSTRAINT batch_id PRIMARY KEY (id),
    CONSTRAINT batch_broadcast FOREIGN KEY (broadcast) REFERENCES broadcast (id),
    CONSTRAINT batch_state CHECK (state IN ('open', 'done', 'stopped', 'expired')),
    CONSTRAINT batch_tier CHECK (tier BETWEEN 0 AND 3),
    CONSTRAINT batch_lease CHECK ((owner IS NULL) = (lease_until_ms IS NULL)),
    CONSTRAINT batch_waits_only_open CHECK (waiting = 0 OR state = 'open'),
    CONSTRAINT batch_counts CHECK (accepted >= 0 AND gone >= 0 AND rejected >= 0 AND expired >= 0 AND stopped >= 0
        AND withdrawn >= 0 AND waiting >= 0),
    CONSTRAINT batch_ledger_adds_up CHECK
        (targeted = accepted + gone + rejected + expired + stopped + withdrawn + waiting)
) STRICT;
CREATE INDEX batch_to_claim ON batch (tier, ring, not_before_ms) WHERE state = 'open';
CREATE INDEX batch_of_broadcast ON batch (broadcast, state);
CREATE INDEX batch_of_chain ON batch (chain);

-- sealed holds endpoint and keys, under a key that is not in this database.
CREATE TABLE subscriber (
    slot INTEGER NOT NULL,
    id TEXT NOT NULL,
    secret_hash BLOB NOT NULL,
    endpoint_hash BLOB NOT NULL,
    auth_hash BLOB NOT NULL,
    sealed BLOB NOT NULL,
    origin TEXT NOT NULL,
    families TEXT NOT NULL,
    languages TEXT NOT NULL,
    quiet_from TEXT,
    quiet_to TEXT,
    time_zone TEXT,
    drills INTEGER NOT NULL,
    discreet INTEGER NOT NULL,
    consent TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    channel_ms INTEGER NOT NULL,
    gone_ms INTEGER,
    CONSTRAINT subscriber_slot PRIMARY KEY (slot),
    CONSTRAINT subscriber_id UNIQUE (id),
    CONSTRAINT subscriber_endpoint UNIQUE (endpoint_hash),
    CONSTRAINT subscriber_quiet_hours CHECK
        ((quiet_from IS NULL) = (quiet_to IS NULL) AND (quiet_from IS NULL) = (time_zone IS NULL))
) STRICT;

CREATE TABLE place (
    slot INTEGER NOT NULL,
    step INTEGER NOT NULL,
    cell_row INTEGER NOT NULL,
    cell_column INTEGER NOT NULL,
    radius_km INTEGER NOT NULL,
    CONSTRAINT place_subscriber FOREIGN KEY (slot) REFERENCES subscriber (slot) ON DELETE CASCADE
) STRICT;
CREATE INDEX place_of_subscriber ON place (slot);

-- The last change of each subscriber: audience indexes follow it by number.
CREATE TABLE change (
    slot INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    CONSTRAINT change_slot PRIMARY KEY (slot),
    CONSTRAINT change_seq UNIQUE (seq)
) STRICT;

CREATE TABLE session (
    id_hash BLOB NOT NULL,
    data TEXT NOT NULL,
    expires_ms INTEGER NOT NULL,
    CONSTRAINT session_id PRIMARY KEY (id_hash)
) STRICT;
CREATE INDEX session_expires ON session (expires_ms);

CREATE TABLE audit (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_is_never_updated BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit is never changed');
END;
CREATE TRIGGER audit_is_never_deleted BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'audit is never changed');
END;
CREATE TRIGGER alert_stays_as_it_came BEFORE UPDATE ON alert BEGIN
    SELECT RAISE(ABORT, 'alert is never changed');
END;
