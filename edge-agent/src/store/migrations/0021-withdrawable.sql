-- Jobs of studies that were removed, of which a destination has results: a rejection note may still come for their images.
CREATE TABLE withdrawable_jobs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  study_instance_uid TEXT NOT NULL,
  -- Digests of the SOP Instance UIDs of its images, one behind the other: see image-digests.ts.
  images BLOB NOT NULL,
  slices INTEGER NOT NULL,
  release_name TEXT NOT NULL,
  release_version TEXT NOT NULL,
  release_sha256 TEXT NOT NULL,
  priority INTEGER NOT NULL,
  -- JSON list of what destinations have: {object, ordinal, sopClassUid, sopInstanceUid, seriesInstanceUid, destinations}.
  results TEXT NOT NULL,
  -- Relative to the data folder: a file with the patient and study of the results. It goes when the row goes, or with
  -- the job that the row becomes when a note comes.
  subject_path TEXT NOT NULL UNIQUE,
  removed_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX withdrawable_jobs_of_study ON withdrawable_jobs (study_instance_uid);
CREATE INDEX withdrawable_jobs_by_time ON withdrawable_jobs (removed_ms);
