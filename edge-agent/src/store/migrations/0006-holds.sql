-- Why a study does not go on: nothing is made of it, started for it or sent of it while a row here is not released.
CREATE TABLE holds (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  study_id INTEGER NOT NULL REFERENCES studies (id),
  -- What sort of hold it is, and the internal key of what caused it: the same cause holds a study once.
  kind TEXT NOT NULL,
  cause TEXT NOT NULL,
  -- For people; nothing of the patient.
  detail TEXT NOT NULL,
  since_ms INTEGER NOT NULL,
  released_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX holds_active ON holds (study_id, kind, cause) WHERE released_ms IS NULL;
CREATE INDEX holds_of_study ON holds (study_id);

-- Keyed digest of who the image says the patient is; empty where it was never taken. See patient-key.ts.
ALTER TABLE instances ADD COLUMN patient_key TEXT NOT NULL DEFAULT '';
CREATE INDEX series_by_uid ON series (series_instance_uid);

-- Deliveries know one more end: withdrawn, because what the result was made of is no longer so.
CREATE TABLE deliveries_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  result_id INTEGER NOT NULL REFERENCES results (id),
  destination TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'failed', 'withdrawn')),
  failure_class TEXT CHECK (failure_class IN ('transient', 'permanent', 'ambiguous')),
  failure_detail TEXT,
  attempts INTEGER NOT NULL DEFAULT 0,
  due_ms INTEGER NOT NULL,
  dimse_status INTEGER,
  sent_ms INTEGER,
  UNIQUE (result_id, destination)
) STRICT;
INSERT INTO deliveries_new (id, result_id, destination, state, failure_class, failure_detail, attempts, due_ms,
    dimse_status, sent_ms)
  SELECT id, result_id, destination, state, failure_class, failure_detail, attempts, due_ms, dimse_status, sent_ms
  FROM deliveries;
DROP TABLE deliveries;
ALTER TABLE deliveries_new RENAME TO deliveries;
CREATE INDEX deliveries_pending ON deliveries (destination, due_ms, id) WHERE state = 'pending';
