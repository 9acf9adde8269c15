-- The output of jobs. In a file of its own, so that streaming it never holds up the jobs' commits.
CREATE TABLE output (
  job INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  stream INTEGER NOT NULL,
  dropped INTEGER NOT NULL,     -- gaps: how many bytes
  until INTEGER NOT NULL,       -- gaps: the last seq they stand for; else the entry's own seq
  bytes BLOB NOT NULL,
  PRIMARY KEY (job, seq)
) WITHOUT ROWID;
