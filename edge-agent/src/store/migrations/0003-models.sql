-- The newest assignment of each release name whose signature was good, and how far it came. Serials only grow.
CREATE TABLE model_assignments (
  name TEXT PRIMARY KEY,
  serial INTEGER NOT NULL,
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  envelope BLOB NOT NULL,
  phase TEXT NOT NULL,
  -- Whether the hub was told of `phase`; the event itself is in the outbox by then.
  reported INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  retry_at TEXT,
  code TEXT,
  detail TEXT
) STRICT, WITHOUT ROWID;

-- What runs, and what ran before it.
CREATE TABLE active_releases (
  name TEXT PRIMARY KEY,
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  serial INTEGER NOT NULL,
  swapped_at TEXT NOT NULL,
  previous_version TEXT,
  previous_sha256 TEXT
) STRICT, WITHOUT ROWID;
