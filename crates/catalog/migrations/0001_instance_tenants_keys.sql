-- Text for SQLite and PostgreSQL alike. Times are microseconds since 1970 UTC.

CREATE TABLE instance (
    -- One row: the number is always 1.
    id BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    -- First half of every checkpoint's origin; never changes.
    name TEXT NOT NULL,
    -- Format of the whole data folder, not of this database alone.
    format BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE tenants (
    name TEXT NOT NULL PRIMARY KEY,
    created_at BIGINT NOT NULL,
    -- A deleted tenant keeps its row, so that its name is never given to another ledger.
    state TEXT NOT NULL CHECK (state IN ('active', 'suspended', 'deleted'))
);

CREATE TABLE api_keys (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    name TEXT NOT NULL,
    -- SHA-256 of the key's text, 64 hexadecimal digits. The text itself is kept nowhere.
    hash TEXT NOT NULL UNIQUE,
    -- The first characters of the text, to recognise a key by.
    prefix TEXT NOT NULL,
    -- Scopes parted by spaces, in a fixed order.
    scopes TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    revoked_at BIGINT,
    created_by TEXT NOT NULL
);

CREATE INDEX api_keys_by_tenant ON api_keys (tenant, created_at);
