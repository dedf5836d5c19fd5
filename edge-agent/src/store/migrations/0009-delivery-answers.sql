-- What a destination answered, whether it may have the object, and the state of its storage commitment.

-- 1: the destination has the object, or may have it: a send was begun and nobody knows how it ended.
ALTER TABLE deliveries ADD COLUMN may_have INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN made_ms INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN failure_code TEXT;
-- The destination's words; dimse_status is the status of its last answer, or the FailureReason of STOW-RS.
ALTER TABLE deliveries ADD COLUMN error_comment TEXT;
-- Why it was withdrawn.
ALTER TABLE deliveries ADD COLUMN withdrawn_for TEXT CHECK (withdrawn_for IN ('superseded', 'rejected'));
-- Storage commitment, where the destination is to be asked for it: the request that is open, or when the next one is
-- due, and the Failure Reason (0008,1197) of the last answer.
ALTER TABLE deliveries ADD COLUMN commitment TEXT CHECK (commitment IN ('wanted', 'asked', 'committed', 'failed'));
ALTER TABLE deliveries ADD COLUMN commitment_id INTEGER;
ALTER TABLE deliveries ADD COLUMN commitment_due_ms INTEGER;
ALTER TABLE deliveries ADD COLUMN commitment_requests INTEGER NOT NULL DEFAULT 0;
ALTER TABLE deliveries ADD COLUMN commitment_reason INTEGER;
ALTER TABLE deliveries ADD COLUMN resends INTEGER NOT NULL DEFAULT 0;

UPDATE deliveries SET made_ms = due_ms, may_have = (state = 'sent' OR failure_class IS 'ambiguous');

CREATE INDEX deliveries_failed ON deliveries (destination) WHERE state = 'failed';
CREATE INDEX deliveries_commitment ON deliveries (destination, commitment_due_ms, id)
  WHERE commitment_due_ms IS NOT NULL;
CREATE INDEX deliveries_not_committed ON deliveries (destination) WHERE commitment = 'failed';
CREATE INDEX deliveries_of_commitment ON deliveries (commitment_id) WHERE commitment_id IS NOT NULL;
