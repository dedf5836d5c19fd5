-- Images that were fetched as priors have the `own` of 3 in `instances`: they are never assembled, routed or inferred on.

-- What a job waits for whose release asks for priors.
CREATE TABLE prior_requests (
  job_id INTEGER PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE,
  -- The `priors` of the release, as it declares it.
  wants TEXT NOT NULL,
  -- asking: the PACS is to be asked what there is. fetching: it is known, and not all of it is here. over: the job may run.
  state TEXT NOT NULL CHECK (state IN ('asking', 'fetching', 'over')),
  -- What became of it, once it is over; and why there is nothing or not all.
  outcome TEXT CHECK (outcome IN ('found', 'none', 'late', 'failed', 'unknown')),
  reason TEXT,
  -- NULL until it was first looked at: a study that is held does not wait for priors yet.
  deadline_ms INTEGER,
  due_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  -- Studies that the PACS named, and those of them that are not surely of the same patient.
  listed INTEGER NOT NULL DEFAULT 0,
  differing INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX prior_requests_open ON prior_requests (due_ms) WHERE state <> 'over';

-- Series that a job is to get, the newest study first.
CREATE TABLE prior_uses (
  job_id INTEGER NOT NULL REFERENCES prior_requests (job_id) ON DELETE CASCADE,
  study_instance_uid TEXT NOT NULL,
  series_instance_uid TEXT NOT NULL,
  -- Whole days from the prior to the study of the job.
  days_before INTEGER NOT NULL,
  -- refused: it came, and is not what was asked for.
  state TEXT NOT NULL CHECK (state IN ('wanted', 'offered', 'refused')),
  reason TEXT,
  PRIMARY KEY (job_id, study_instance_uid, series_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX prior_uses_of_study ON prior_uses (study_instance_uid);
CREATE INDEX prior_uses_of_series ON prior_uses (series_instance_uid, study_instance_uid);

-- A series that is fetched from the PACS, whoever needs it. Here before the C-MOVE is sent: what arrives is known by it.
CREATE TABLE prior_fetches (
  study_instance_uid TEXT NOT NULL,
  series_instance_uid TEXT NOT NULL,
  -- Images as the PACS counts them; NULL where it does not.
  expected INTEGER,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'moving', 'here', 'failed')),
  attempts INTEGER NOT NULL DEFAULT 0,
  due_ms INTEGER NOT NULL,
  reason TEXT,
  changed_ms INTEGER NOT NULL,
  PRIMARY KEY (study_instance_uid, series_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX prior_fetches_due ON prior_fetches (due_ms) WHERE state = 'waiting';
CREATE INDEX prior_fetches_moving ON prior_fetches (due_ms) WHERE state = 'moving';
CREATE INDEX prior_fetches_ended ON prior_fetches (changed_ms) WHERE state = 'failed';

CREATE INDEX studies_of_priors ON instances (series_id) WHERE own = 3;

-- A job whose release asks for priors waits for them from the write on that makes it, whoever makes it; and anew when it
-- is given to another version of its release. Releases are in run_releases before their first job is made.
CREATE TRIGGER priors_of_new_job AFTER INSERT ON jobs WHEN NEW.state = 'queued' BEGIN
  INSERT INTO prior_requests (job_id, wants, state, due_ms)
    SELECT NEW.id, json_extract(release_json, '$.priors'), 'asking', 0 FROM run_releases
    WHERE sha256 = NEW.release_sha256 AND json_extract(release_json, '$.priors') IS NOT NULL;
END;
CREATE TRIGGER priors_of_other_release AFTER UPDATE OF release_sha256 ON jobs
  WHEN NEW.state = 'queued' AND NEW.release_sha256 <> OLD.release_sha256 BEGIN
  DELETE FROM prior_requests WHERE job_id = NEW.id;
  INSERT INTO prior_requests (job_id, wants, state, due_ms)
    SELECT NEW.id, json_extract(release_json, '$.priors'), 'asking', 0 FROM run_releases
    WHERE sha256 = NEW.release_sha256 AND json_extract(release_json, '$.priors') IS NOT NULL;
END;

-- Results of ours whose study was removed are remembered in the order of their removal, and not without end: those that
-- are forgotten are still known by what they say of their maker.
ALTER TABLE own_objects ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
CREATE INDEX own_objects_by_number ON own_objects (number);
