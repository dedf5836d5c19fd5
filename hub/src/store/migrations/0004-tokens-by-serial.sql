-- The tokens of a device end with its retirement and with each new identity of it.
CREATE INDEX enrolment_tokens_by_serial ON enrolment_tokens (serial);
