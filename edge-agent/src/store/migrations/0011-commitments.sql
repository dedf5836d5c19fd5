-- Storage commitment requests that we make: the transaction UID is here before the destination hears it.
CREATE TABLE commitments (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_uid TEXT NOT NULL UNIQUE,
  destination TEXT NOT NULL,
  -- Made on behalf of a request that somebody made to us; NULL for results of ours.
  request_id INTEGER,
  -- Until then its answer is waited for.
  due_ms INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'answered', 'over'))
) STRICT;
CREATE INDEX commitments_open ON commitments (destination, due_ms) WHERE state = 'open';

-- Storage commitment requests of others to us: stored before they are accepted.
CREATE TABLE commitment_requests (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  transaction_uid TEXT NOT NULL,
  calling_ae_title TEXT NOT NULL,
  -- asking: the PACS is asked; decided: our answer is known and still to be given.
  state TEXT NOT NULL CHECK (state IN ('asking', 'decided', 'answered', 'given-up')),
  since_ms INTEGER NOT NULL,
  -- When the next step is due.
  due_ms INTEGER NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0,
  UNIQUE (calling_ae_title, transaction_uid)
) STRICT;
CREATE INDEX commitment_requests_due ON commitment_requests (state, due_ms) WHERE state IN ('asking', 'decided');

CREATE TABLE commitment_request_instances (
  request_id INTEGER NOT NULL REFERENCES commitment_requests (id),
  sop_instance_uid TEXT NOT NULL,
  sop_class_uid TEXT NOT NULL,
  -- 0: committed by the PACS; else the Failure Reason; NULL: not known yet.
  outcome INTEGER,
  PRIMARY KEY (request_id, sop_instance_uid)
) STRICT, WITHOUT ROWID;
