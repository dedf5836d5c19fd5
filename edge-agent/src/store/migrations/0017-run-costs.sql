-- What runs cost on each device, as the scheduler learned it: so that it need not learn it again after a restart.
CREATE TABLE run_costs (
  -- Order of use, least recently used first.
  position INTEGER PRIMARY KEY,
  device TEXT NOT NULL,
  cost_key TEXT NOT NULL,
  fixed_ms REAL NOT NULL,
  per_item_ms REAL NOT NULL,
  fixed_variance REAL NOT NULL,
  per_item_variance REAL NOT NULL,
  covariance REAL NOT NULL,
  readings INTEGER NOT NULL,
  usual_items REAL NOT NULL,
  UNIQUE (device, cost_key)
) STRICT;
