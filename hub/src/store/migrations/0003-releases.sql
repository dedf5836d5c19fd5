-- Releases as registered; their bytes are content-addressed files, written before the row.
CREATE TABLE releases (
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  manifest_bytes INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  run TEXT NOT NULL,
  metrics TEXT NOT NULL,
  created TEXT NOT NULL,
  registered_at TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE rollouts (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  created TEXT NOT NULL
) STRICT;

-- How far each device of a roll-out came. previous_*: what it was assigned before, to go back to.
CREATE TABLE rollout_devices (
  rollout INTEGER NOT NULL REFERENCES rollouts (id),
  device TEXT NOT NULL,
  name TEXT NOT NULL,
  serial INTEGER NOT NULL,
  phase TEXT NOT NULL,
  code TEXT,
  detail TEXT,
  at TEXT NOT NULL,
  previous_version TEXT,
  previous_sha256 TEXT,
  PRIMARY KEY (rollout, device)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX rollout_devices_by_serial ON rollout_devices (device, name, serial);

-- The one assignment in force per device and release name, as it was signed. Serials only grow.
CREATE TABLE assignments (
  device TEXT NOT NULL,
  name TEXT NOT NULL,
  serial INTEGER NOT NULL,
  version TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  rollout INTEGER NOT NULL REFERENCES rollouts (id),
  expires TEXT NOT NULL,
  envelope BLOB NOT NULL,
  PRIMARY KEY (device, name)
) STRICT, WITHOUT ROWID;

CREATE INDEX assignments_by_expiry ON assignments (expires);
