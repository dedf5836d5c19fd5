-- One job per revision × series × release, its results, and their deliveries.

CREATE TABLE jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  revision_id INTEGER NOT NULL REFERENCES study_revisions (id),
  series_id INTEGER NOT NULL REFERENCES series (id),
  -- Last image of the series in this revision: a series that has not changed is not run again.
  series_through INTEGER NOT NULL,
  release_name TEXT NOT NULL,
  release_version TEXT NOT NULL,
  release_sha256 TEXT NOT NULL,
  -- 0 stat, 1 urgent, 2 routine, 3 background.
  priority INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'inferred', 'failed', 'superseded')),
  failure_class TEXT CHECK (failure_class IN ('transient', 'permanent', 'poison')),
  failure_code TEXT,
  failure_detail TEXT,
  -- Every start, so that no two attempts ever write to the same folder.
  starts INTEGER NOT NULL DEFAULT 0,
  -- Starts that ended badly, and starts that a stop of the appliance cut short.
  attempts INTEGER NOT NULL DEFAULT 0,
  interruptions INTEGER NOT NULL DEFAULT 0,
  slices INTEGER NOT NULL,
  not_before_ms INTEGER NOT NULL DEFAULT 0,
  queued_ms INTEGER NOT NULL,
  started_ms INTEGER,
  ended_ms INTEGER,
  delivered_ms INTEGER,
  mask_voxels INTEGER,
  volume_ml REAL,
  -- 1: the results, or the report that says why there are none, are on disk (or are not wanted).
  reported INTEGER NOT NULL DEFAULT 0,
  UNIQUE (revision_id, series_id, release_sha256)
) STRICT;
CREATE INDEX jobs_of_revision ON jobs (revision_id, id);
CREATE INDEX jobs_queued ON jobs (priority, id) WHERE state = 'queued';
CREATE INDEX jobs_running ON jobs (id) WHERE state = 'running';
CREATE INDEX jobs_unreported ON jobs (id) WHERE state = 'failed' AND reported = 0;
CREATE INDEX jobs_of_series ON jobs (series_id, release_name, series_through);
CREATE INDEX jobs_delivered ON jobs (delivered_ms) WHERE delivered_ms IS NOT NULL;

-- UIDs and digests are here before the first send; the bytes of the file never change after.
CREATE TABLE results (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs (id),
  object TEXT NOT NULL CHECK (object IN ('SEG', 'SR')),
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL UNIQUE,
  transfer_syntax_uid TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  UNIQUE (job_id, object)
) STRICT;

CREATE TABLE deliveries (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  result_id INTEGER NOT NULL REFERENCES results (id),
  destination TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed')),
  failure_class TEXT CHECK (failure_class IN ('transient', 'permanent', 'ambiguous')),
  failure_detail TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_ms INTEGER NOT NULL,
  dimse_status INTEGER,
  sent_ms INTEGER,
  UNIQUE (result_id, destination)
) STRICT;
CREATE INDEX deliveries_pending ON deliveries (destination, due_ms, id) WHERE state = 'pending';
