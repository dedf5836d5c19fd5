-- Results of ours whose study was removed: still ours when a PACS sends them back.
CREATE TABLE own_objects (sop_instance_uid TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;

-- Deleting a series asks for its images and revisions, whoever made them.
DROP INDEX instances_of_series;
CREATE INDEX instances_of_series ON instances (series_id, own, id);
CREATE INDEX study_revisions_of_series ON study_revisions (series_id);
