-- Key objects (Key Object Selection documents) that came in. They speak of images and are none: their `own` in
-- `instances` is 2, they are kept and never assembled. What they say is read before studies are taken in.
CREATE TABLE key_objects (
  instance_id INTEGER PRIMARY KEY REFERENCES instances (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('unread', 'read', 'unreadable')),
  -- Code of the document title in the DICOM terminology; NULL before it is read, and for titles of others.
  title TEXT
) STRICT;
CREATE INDEX key_objects_unread ON key_objects (instance_id) WHERE state = 'unread';

-- What a rejection note names (IHE RAD, Imaging Object Change Management), also before it comes.
-- rejected: it is not used any more. expired: only its time is over; results stay.
CREATE TABLE rejected_instances (
  sop_instance_uid TEXT PRIMARY KEY,
  mark TEXT NOT NULL CHECK (mark IN ('rejected', 'expired')),
  -- The note; it may be gone by now.
  note_instance_id INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- When images of the job were rejected and by which reason, and when all that went out of it had been withdrawn.
ALTER TABLE jobs ADD COLUMN rejected_ms INTEGER;
ALTER TABLE jobs ADD COLUMN rejected_title TEXT;
ALTER TABLE jobs ADD COLUMN withdrawn_ms INTEGER;
CREATE INDEX jobs_to_withdraw ON jobs (id) WHERE rejected_ms IS NOT NULL AND withdrawn_ms IS NULL;
