-- Events for the hub, kept until the hub has acknowledged them. AUTOINCREMENT never gives a number twice,
-- also not after the row was deleted: the hub knows an event by device and seq.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  body TEXT NOT NULL
) STRICT;
