-- Results of more kinds, several of one kind per job, and the series that each lies in. SQLite cannot change a CHECK, so
-- the table is made anew. What refers to it stands aside meanwhile, whatever columns it has: a table that rows refer to
-- cannot be dropped. All of it is one transaction.
CREATE TABLE results_next (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  job_id INTEGER NOT NULL REFERENCES jobs (id),
  object TEXT NOT NULL CHECK (object IN ('SEG', 'SR', 'SC', 'GSPS', 'PM', 'KOS')),
  -- Which one of its kind: 1 and up.
  ordinal INTEGER NOT NULL DEFAULT 1,
  sop_class_uid TEXT NOT NULL,
  sop_instance_uid TEXT NOT NULL UNIQUE,
  -- Empty for results that are older than this column.
  series_instance_uid TEXT NOT NULL,
  transfer_syntax_uid TEXT NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  UNIQUE (job_id, object, ordinal)
) STRICT;
INSERT INTO results_next (id, job_id, object, sop_class_uid, sop_instance_uid, series_instance_uid,
    transfer_syntax_uid, path, sha256)
  SELECT id, job_id, object, sop_class_uid, sop_instance_uid, '', transfer_syntax_uid, path, sha256 FROM results;
-- Ids that were given once are not given again.
DELETE FROM sqlite_sequence WHERE name = 'results_next';
INSERT INTO sqlite_sequence (name, seq) SELECT 'results_next', seq FROM sqlite_sequence WHERE name = 'results';

CREATE TABLE deliveries_aside AS SELECT * FROM deliveries;
DELETE FROM deliveries;
DROP TABLE results;
ALTER TABLE results_next RENAME TO results;
INSERT INTO deliveries SELECT * FROM deliveries_aside;
DROP TABLE deliveries_aside;
