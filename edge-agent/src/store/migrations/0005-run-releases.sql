-- What jobs were run with: its release.json outlives the folder, so that a report always names the right one.
CREATE TABLE run_releases (
  sha256 TEXT PRIMARY KEY,
  release_json TEXT NOT NULL
) STRICT, WITHOUT ROWID;
