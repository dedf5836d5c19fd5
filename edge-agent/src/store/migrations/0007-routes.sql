-- What routes choose by, per image, and which routes chose.
ALTER TABLE instances ADD COLUMN slice_thickness_mm REAL;
ALTER TABLE instances ADD COLUMN frames INTEGER NOT NULL DEFAULT 1;
ALTER TABLE instances ADD COLUMN calling_ae_title TEXT NOT NULL DEFAULT '';

-- JSON list of names: the routes that the results are for. NULL: made before routes had names, for all of its release.
ALTER TABLE jobs ADD COLUMN routes TEXT;

-- JSON list of {route, release, series, selected, reasons}: why each route took each series or left it.
ALTER TABLE study_revisions ADD COLUMN decisions TEXT NOT NULL DEFAULT '[]';
