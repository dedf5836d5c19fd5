-- When a note named it, for the time that it is kept. What is there already counts from now.
ALTER TABLE rejected_instances ADD COLUMN noted_ms INTEGER NOT NULL DEFAULT 0;
UPDATE rejected_instances SET noted_ms = unixepoch() * 1000;
CREATE INDEX rejected_instances_by_time ON rejected_instances (noted_ms);
