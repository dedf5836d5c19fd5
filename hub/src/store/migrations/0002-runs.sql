-- Training runs: a durable queue, and what came of each.

CREATE TABLE runs (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  -- trained: the release folder is on the disk and only its registration is left.
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'trained', 'succeeded', 'failed')),
  -- Each attempt has a folder of its own, so that what is left of an earlier one cannot write into it.
  attempt INTEGER NOT NULL DEFAULT 0,
  experiment TEXT NOT NULL,
  launcher TEXT NOT NULL,
  dataset_folder TEXT NOT NULL,
  spec_json TEXT NOT NULL,
  release_json TEXT NOT NULL,
  -- RunProgress; while the run is at work, the live one is in memory.
  progress_json TEXT NOT NULL,
  release_ref_json TEXT,
  error TEXT,
  created_at TEXT NOT NULL,
  finished_at TEXT
) STRICT;
CREATE INDEX runs_by_state ON runs (state, number);
