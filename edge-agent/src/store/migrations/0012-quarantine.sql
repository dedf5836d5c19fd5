-- What was set aside: what could not be taken, and copies under a known UID with other content.
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  -- Name in the quarantine folder, without its ending.
  file TEXT NOT NULL UNIQUE,
  code TEXT NOT NULL,
  why TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  calling_ae_title TEXT NOT NULL,
  called_ae_title TEXT NOT NULL,
  remote_address TEXT NOT NULL,
  association_id TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  -- Of the data set.
  bytes INTEGER NOT NULL,
  -- 1: its sender was told success, so it stays until somebody decides.
  acknowledged INTEGER NOT NULL,
  kept_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('kept', 'released', 'discarded', 'expired')),
  decided_ms INTEGER
) STRICT;
CREATE INDEX quarantine_kept ON quarantine (acknowledged, kept_ms, bytes) WHERE state = 'kept';
CREATE INDEX quarantine_decided ON quarantine (decided_ms) WHERE decided_ms IS NOT NULL;
CREATE INDEX quarantine_of_instance ON quarantine (sop_instance_uid, sha256);

-- Files and folders that nothing refers to any more, relative to the data folder: deleted after this is on the disk.
CREATE TABLE removals (path TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- 1: images that a revision had were replaced or taken away. It is completed anew, whatever is done with late images.
ALTER TABLE studies ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0;
