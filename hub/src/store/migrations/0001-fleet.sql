-- Who belongs to the fleet, what they told, and what was done by whom.

CREATE TABLE devices (
  id TEXT PRIMARY KEY,
  enrolled_at TEXT NOT NULL,
  -- Only this certificate may connect; a new enrolment replaces it.
  certificate_serial TEXT NOT NULL,
  certificate_expires_at TEXT NOT NULL,
  retired_at TEXT,
  online INTEGER NOT NULL DEFAULT 0 CHECK (online IN (0, 1)),
  seen_at TEXT,
  state_json TEXT,
  telemetry_json TEXT,
  -- A device whose disk was replaced numbers its events from 1 again: a new generation of numbers.
  event_generation INTEGER NOT NULL DEFAULT 0,
  acked_seq INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE enrolment_tokens (
  id TEXT PRIMARY KEY,
  digest TEXT NOT NULL,
  serial TEXT NOT NULL,
  created_at TEXT NOT NULL,
  expires_at TEXT NOT NULL,
  used_at TEXT,
  -- SHA-256 of the public key that it enrolled: the same key may ask again when it never got its answer.
  used_key_sha256 TEXT
) STRICT;
CREATE INDEX enrolment_tokens_by_expiry ON enrolment_tokens (expires_at);

CREATE TABLE device_events (
  device TEXT NOT NULL REFERENCES devices (id),
  generation INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  received_at TEXT NOT NULL,
  event_json TEXT NOT NULL,
  PRIMARY KEY (device, generation, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE telemetry (
  device TEXT NOT NULL REFERENCES devices (id),
  received_at TEXT NOT NULL,
  telemetry_json TEXT NOT NULL,
  PRIMARY KEY (device, received_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX telemetry_by_age ON telemetry (received_at);

CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  subject TEXT NOT NULL,
  detail_json TEXT NOT NULL,
  previous_sha256 TEXT NOT NULL,
  sha256 TEXT NOT NULL UNIQUE
) STRICT;

CREATE TRIGGER audit_is_append_only_update BEFORE UPDATE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_is_append_only_delete BEFORE DELETE ON audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
