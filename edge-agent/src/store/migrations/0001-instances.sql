-- What was received. Ids grow in the order of arrival and are never used twice: a revision of a study is
-- "every image up to and including this id".

CREATE TABLE studies (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  study_instance_uid TEXT NOT NULL UNIQUE,
  -- First and last image since the study was last taken in; milliseconds since 1970.
  open_since_ms INTEGER NOT NULL,
  last_received_ms INTEGER NOT NULL,
  -- Highest image id, objects of our own left out.
  last_instance_id INTEGER NOT NULL DEFAULT 0,
  -- Highest image id that a revision has taken in, or that was ignored as late.
  taken_through INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX studies_open ON studies (last_received_ms) WHERE last_instance_id > taken_through;
CREATE INDEX studies_recent ON studies (last_received_ms);

CREATE TABLE series (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id INTEGER NOT NULL REFERENCES studies (id),
  series_instance_uid TEXT NOT NULL,
  modality TEXT NOT NULL,
  body_part TEXT NOT NULL,
  description TEXT NOT NULL,
  UNIQUE (study_id, series_instance_uid)
) STRICT;

CREATE TABLE instances (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  series_id INTEGER NOT NULL REFERENCES series (id),
  sop_instance_uid TEXT NOT NULL UNIQUE,
  sop_class_uid TEXT NOT NULL,
  -- 'axial', 'coronal', 'sagittal', 'oblique', or '' where the image has no orientation.
  orientation TEXT NOT NULL,
  -- 1: a result of ours that came back. It is kept and never assembled.
  own INTEGER NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  received_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX instances_of_series ON instances (series_id, id) WHERE own = 0;

-- A study as it was when it became complete. A later revision supersedes an earlier one.
CREATE TABLE study_revisions (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id INTEGER NOT NULL REFERENCES studies (id),
  number INTEGER NOT NULL,
  through_instance_id INTEGER NOT NULL,
  first_received_ms INTEGER NOT NULL,
  last_received_ms INTEGER NOT NULL,
  completed_ms INTEGER NOT NULL,
  UNIQUE (study_id, number)
) STRICT;

-- Complete, but no release of this name was active: taken up when one is.
CREATE TABLE revision_waits (
  release_name TEXT NOT NULL,
  revision_id INTEGER NOT NULL REFERENCES study_revisions (id),
  PRIMARY KEY (release_name, revision_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX revision_waits_of_revision ON revision_waits (revision_id);
