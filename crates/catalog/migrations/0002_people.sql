-- People, what they may do, and what is kept for them. Text for SQLite and PostgreSQL alike. Times
-- are microseconds since 1970 UTC; hashes are 64 hexadecimal digits; JSON is kept as text.

ALTER TABLE tenants ADD COLUMN organization TEXT NOT NULL DEFAULT '';
-- A JSON object of named settings.
ALTER TABLE tenants ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';

ALTER TABLE api_keys ADD COLUMN environment TEXT NOT NULL DEFAULT '';
-- The only `source.app` that the key may send.
ALTER TABLE api_keys ADD COLUMN app TEXT;
ALTER TABLE api_keys ADD COLUMN last_used_at BIGINT;
ALTER TABLE api_keys ADD COLUMN last_used_from TEXT;
-- The key that this one was made to follow.
ALTER TABLE api_keys ADD COLUMN replaces TEXT;

CREATE TABLE people (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    -- In small letters, so that one address is one account.
    email TEXT NOT NULL UNIQUE,
    -- A PHC string (Argon2id); none where no password opens the account.
    password TEXT,
    time_zone TEXT NOT NULL,
    -- A JSON object that only the screens read.
    preferences TEXT NOT NULL DEFAULT '{}',
    created_at BIGINT NOT NULL
);

CREATE TABLE memberships (
    person TEXT NOT NULL REFERENCES people (id),
    tenant TEXT NOT NULL REFERENCES tenants (name),
    role TEXT NOT NULL CHECK (role IN ('owner', 'admin', 'auditor', 'viewer')),
    -- From this moment the membership opens nothing.
    role_until BIGINT,
    state TEXT NOT NULL CHECK (state IN ('active', 'disabled')),
    joined_at BIGINT NOT NULL,
    PRIMARY KEY (person, tenant)
);

CREATE INDEX memberships_by_tenant ON memberships (tenant, joined_at);

CREATE TABLE sessions (
    id TEXT NOT NULL PRIMARY KEY,
    person TEXT NOT NULL REFERENCES people (id),
    -- SHA-256 of the cookie's token. The token itself is kept nowhere.
    hash TEXT NOT NULL UNIQUE,
    created_at BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    fresh_until BIGINT NOT NULL,
    address TEXT NOT NULL,
    user_agent TEXT NOT NULL
);

CREATE INDEX sessions_by_person ON sessions (person);

CREATE TABLE links (
    id TEXT NOT NULL PRIMARY KEY,
    -- SHA-256 of the link's token. The token itself is kept nowhere.
    hash TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL CHECK (kind IN ('setup', 'invitation', 'reset')),
    person TEXT REFERENCES people (id),
    tenant TEXT REFERENCES tenants (name),
    email TEXT,
    role TEXT,
    role_until BIGINT,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    created_by TEXT NOT NULL
);

CREATE TABLE teams (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    name TEXT NOT NULL,
    -- A JSON array of e-mail addresses that belong to no account.
    addresses TEXT NOT NULL DEFAULT '[]',
    created_at BIGINT NOT NULL,
    UNIQUE (tenant, name)
);

CREATE TABLE team_members (
    team TEXT NOT NULL REFERENCES teams (id),
    person TEXT NOT NULL REFERENCES people (id),
    PRIMARY KEY (team, person)
);

CREATE TABLE saved_searches (
    id TEXT NOT NULL PRIMARY KEY,
    tenant TEXT NOT NULL REFERENCES tenants (name),
    person TEXT NOT NULL REFERENCES people (id),
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    -- A JSON object of the search's other parameters.
    params TEXT NOT NULL,
    shared BIGINT NOT NULL CHECK (shared IN (0, 1)),
    created_at BIGINT NOT NULL
);

CREATE INDEX saved_searches_by_tenant ON saved_searches (tenant, created_at);

CREATE TABLE tenant_deletions (
    tenant TEXT NOT NULL PRIMARY KEY REFERENCES tenants (name),
    requested_by TEXT NOT NULL REFERENCES people (id),
    requested_at BIGINT NOT NULL
);
