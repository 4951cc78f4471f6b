-- Everything the first ring stores. Times are integer milliseconds UTC, ids are text, yes and no are 1 and 0, bitmaps
-- are Roaring's portable serialization. The same tables stand in ../sqlite under the same file name.

CREATE TABLE setting (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    CONSTRAINT setting_key PRIMARY KEY (key)
);

-- Numbers that must come in the order of commits. The row's lock holds until the transaction ends.
CREATE TABLE counter (
    name TEXT NOT NULL,
    value BIGINT NOT NULL,
    CONSTRAINT counter_name PRIMARY KEY (name)
);
INSERT INTO counter (name, value) VALUES ('slot', 0), ('change', 0), ('administrator', 0);

CREATE TABLE operator (
    id TEXT NOT NULL,
    login TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    password_hash TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    disabled_ms BIGINT,
    CONSTRAINT operator_id PRIMARY KEY (id),
    CONSTRAINT operator_login UNIQUE (login),
    CONSTRAINT operator_role CHECK (role IN ('administrator', 'operator'))
);

CREATE TABLE api_key (
    id TEXT NOT NULL,
    hash BYTEA NOT NULL,
    name TEXT NOT NULL,
    senders TEXT NOT NULL,
    action TEXT NOT NULL,
    test BIGINT NOT NULL,
    owner TEXT,
    created_ms BIGINT NOT NULL,
    revoked_ms BIGINT,
    CONSTRAINT api_key_id PRIMARY KEY (id),
    CONSTRAINT api_key_hash UNIQUE (hash),
    CONSTRAINT api_key_owner FOREIGN KEY (owner) REFERENCES operator (id),
    CONSTRAINT api_key_action CHECK (action IN ('ring', 'hold', 'file'))
);

-- An alert and all that updates or cancels it. key is its root's, hashed: Topic and tag of its pushes.
CREATE TABLE chain (
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    sender TEXT NOT NULL,
    head TEXT,
    head_sent_ms BIGINT,
    cancelled_ms BIGINT,
    cancelled_by TEXT,
    CONSTRAINT chain_id PRIMARY KEY (id),
    CONSTRAINT chain_key UNIQUE (key)
);

CREATE TABLE alert (
    id TEXT NOT NULL,
    sender TEXT NOT NULL,
    identifier TEXT NOT NULL,
    sent_ms BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    original BYTEA NOT NULL,
    chain TEXT NOT NULL,
    status TEXT NOT NULL,
    msg_type TEXT NOT NULL,
    scope TEXT NOT NULL,
    credential TEXT,
    received_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    answer TEXT NOT NULL,
    -- Whose word it is: empty for the sender's own, else the key that posted it under the sender's name.
    voice TEXT NOT NULL,
    CONSTRAINT alert_id PRIMARY KEY (id),
    CONSTRAINT alert_key UNIQUE (sender, identifier, sent_ms, voice),
    CONSTRAINT alert_chain FOREIGN KEY (chain) REFERENCES chain (id),
    CONSTRAINT alert_credential FOREIGN KEY (credential) REFERENCES api_key (id)
);
CREATE INDEX alert_received ON alert (received_ms, id);
CREATE INDEX alert_of_chain ON alert (chain);

CREATE TABLE broadcast (
    id TEXT NOT NULL,
    alert TEXT NOT NULL,
    chain TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT,
    tier BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    author TEXT,
    received_ms BIGINT NOT NULL,
    approved_ms BIGINT,
    planned_ms BIGINT,
    finished_ms BIGINT,
    inside BIGINT NOT NULL,
    near BIGINT NOT NULL,
    CONSTRAINT broadcast_id PRIMARY KEY (id),
    CONSTRAINT broadcast_alert UNIQUE (alert),
    CONSTRAINT broadcast_of_alert FOREIGN KEY (alert) REFERENCES alert (id),
    CONSTRAINT broadcast_chain FOREIGN KEY (chain) REFERENCES chain (id),
    CONSTRAINT broadcast_author FOREIGN KEY (author) REFERENCES operator (id),
    CONSTRAINT broadcast_state CHECK
        (state IN ('held', 'approved', 'sending', 'done', 'halted', 'expired', 'filed', 'refused')),
    CONSTRAINT broadcast_tier CHECK (tier BETWEEN 0 AND 3)
);
CREATE INDEX broadcast_by_state ON broadcast (state, received_ms);
CREATE INDEX broadcast_of_chain ON broadcast (chain);

-- The counts are the bitmaps' sizes and change with them, so that a broadcast's ledger is one sum.
CREATE TABLE batch (
    id TEXT NOT NULL,
    broadcast TEXT NOT NULL,
    chain TEXT NOT NULL,
    message BIGINT NOT NULL,
    origin TEXT NOT NULL,
    tier BIGINT NOT NULL,
    ring BIGINT NOT NULL,
    not_before_ms BIGINT NOT NULL,
    expires_ms BIGINT NOT NULL,
    state TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    token BIGINT NOT NULL,
    owner TEXT,
    lease_until_ms BIGINT,
    todo_bits BYTEA NOT NULL,
    started_bits BYTEA NOT NULL,
    accepted_bits BYTEA NOT NULL,
    gone_bits BYTEA NOT NULL,
    rejected_bits BYTEA NOT NULL,
    withdrawn_bits BYTEA NOT NULL,
    targeted BIGINT NOT NULL,
    accepted BIGINT NOT NULL,
    gone BIGINT NOT NULL,
    rejected BIGINT NOT NULL,
    expired BIGINT NOT NULL,
    stopped BIGINT NOT NULL,
    withdrawn BIGINT NOT NULL,
    waiting BIGINT NOT NULL,
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
);
CREATE INDEX batch_to_claim ON batch (tier, ring, not_before_ms) WHERE state = 'open';
CREATE INDEX batch_of_broadcast ON batch (broadcast, state);
CREATE INDEX batch_of_chain ON batch (chain);

-- sealed holds endpoint and keys, under a key that is not in this database.
CREATE TABLE subscriber (
    slot BIGINT NOT NULL,
    id TEXT NOT NULL,
    secret_hash BYTEA NOT NULL,
    endpoint_hash BYTEA NOT NULL,
    auth_hash BYTEA NOT NULL,
    sealed BYTEA NOT NULL,
    origin TEXT NOT NULL,
    families TEXT NOT NULL,
    languages TEXT NOT NULL,
    quiet_from TEXT,
    quiet_to TEXT,
    time_zone TEXT,
    drills BIGINT NOT NULL,
    discreet BIGINT NOT NULL,
    consent TEXT NOT NULL,
    created_ms BIGINT NOT NULL,
    channel_ms BIGINT NOT NULL,
    gone_ms BIGINT,
    CONSTRAINT subscriber_slot PRIMARY KEY (slot),
    CONSTRAINT subscriber_id UNIQUE (id),
    CONSTRAINT subscriber_endpoint UNIQUE (endpoint_hash),
    CONSTRAINT subscriber_quiet_hours CHECK
        ((quiet_from IS NULL) = (quiet_to IS NULL) AND (quiet_from IS NULL) = (time_zone IS NULL))
);

CREATE TABLE place (
    slot BIGINT NOT NULL,
    step BIGINT NOT NULL,
    cell_row BIGINT NOT NULL,
    cell_column BIGINT NOT NULL,
    radius_km BIGINT NOT NULL,
    CONSTRAINT place_subscriber FOREIGN KEY (slot) REFERENCES subscriber (slot) ON DELETE CASCADE
);
CREATE INDEX place_of_subscriber ON place (slot);

-- The last change of each subscriber: audience indexes follow it by number.
CREATE TABLE change (
    slot BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    CONSTRAINT change_slot PRIMARY KEY (slot),
    CONSTRAINT change_seq UNIQUE (seq)
);

CREATE TABLE session (
    id_hash BYTEA NOT NULL,
    data TEXT NOT NULL,
    expires_ms BIGINT NOT NULL,
    CONSTRAINT session_id PRIMARY KEY (id_hash)
);
CREATE INDEX session_expires ON session (expires_ms);

CREATE TABLE audit (
    seq BIGINT GENERATED ALWAYS AS IDENTITY,
    at_ms BIGINT NOT NULL,
    actor_kind TEXT NOT NULL,
    actor TEXT,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    CONSTRAINT audit_seq PRIMARY KEY (seq)
);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is never changed', TG_TABLE_NAME;
END
$$;
CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER alert_stays_as_it_came BEFORE UPDATE ON alert
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
