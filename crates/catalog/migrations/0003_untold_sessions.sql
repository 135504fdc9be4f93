-- Tenants whose ledgers could not be told of the sign-in, parted by spaces: the session opens them
-- once they have been told.
ALTER TABLE sessions ADD COLUMN untold TEXT NOT NULL DEFAULT '';
