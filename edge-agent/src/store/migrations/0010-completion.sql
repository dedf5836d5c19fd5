-- The sender of an open study has released its association, and a rule says what that is worth. Gone when the study
-- is taken in.
CREATE TABLE study_releases (
  study_id INTEGER PRIMARY KEY REFERENCES studies (id),
  -- Calling AE title, and the last image that was there when it went.
  source TEXT NOT NULL,
  through INTEGER NOT NULL,
  released_ms INTEGER NOT NULL,
  -- How often the source was asked how many images the study has, when it may be asked again, and what it said.
  asks INTEGER NOT NULL DEFAULT 0,
  ask_at_ms INTEGER NOT NULL,
  expected INTEGER
) STRICT;
CREATE INDEX study_releases_by_time ON study_releases (released_ms);

-- Images that came too late and were left out.
ALTER TABLE studies ADD COLUMN late_ignored INTEGER NOT NULL DEFAULT 0;

-- A series can be complete before its study, for routes that ask for it: highest image id, and the highest that was
-- taken in, as for studies.
ALTER TABLE series ADD COLUMN last_received_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE series ADD COLUMN last_instance_id INTEGER NOT NULL DEFAULT 0;
ALTER TABLE series ADD COLUMN taken_through INTEGER NOT NULL DEFAULT 0;
CREATE INDEX series_open ON series (last_received_ms) WHERE last_instance_id > taken_through;

-- NULL: the whole study; else an early revision of this series alone.
ALTER TABLE study_revisions ADD COLUMN series_id INTEGER REFERENCES series (id);
