-- What the release of a sender is worth under its rule: `open` until it was looked at, again after each answer of the
-- source and each list of a key object. `suffices`: the study is complete without a quiet time.
ALTER TABLE study_releases ADD COLUMN verdict TEXT NOT NULL DEFAULT 'open' CHECK (verdict IN ('open', 'suffices', 'waits'));
DROP INDEX study_releases_by_time;
CREATE INDEX study_releases_open ON study_releases (study_id) WHERE verdict = 'open';
CREATE INDEX study_releases_due ON study_releases (released_ms) WHERE verdict = 'suffices';
CREATE INDEX study_releases_to_ask ON study_releases (source, ask_at_ms) WHERE expected IS NULL;

-- Its source has said that with this image (highest id) the series was whole.
ALTER TABLE series ADD COLUMN whole_through INTEGER NOT NULL DEFAULT 0;

-- What the newest key object of a study lists that a rule takes for a list of the whole study; also of images that are
-- still to come. From here on key_objects.title is also that of others than DICOM, as `SCHEME:CODE`.
CREATE TABLE listed_instances (
  study_id INTEGER NOT NULL REFERENCES studies (id) ON DELETE CASCADE,
  sop_instance_uid TEXT NOT NULL,
  note_instance_id INTEGER NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
  PRIMARY KEY (study_id, sop_instance_uid)
) STRICT, WITHOUT ROWID;
CREATE INDEX listed_instances_of_note ON listed_instances (note_instance_id);
