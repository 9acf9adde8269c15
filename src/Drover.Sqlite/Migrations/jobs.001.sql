-- Where a job can wait and run: its queue, what a worker must offer, and what limits it. One row for each combination ever seen.
CREATE TABLE lanes (
  id INTEGER PRIMARY KEY,
  queue TEXT NOT NULL,
  needs TEXT NOT NULL,
  limit_key TEXT
);

-- The combinations of tags that came first, up to 65,534; jobs with others have tagset 65535 and rows in job_tags.
CREATE TABLE tagsets (
  id INTEGER PRIMARY KEY,
  tags TEXT NOT NULL
);

CREATE TABLE job_tags (
  tag TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (tag, seq)
) WITHOUT ROWID;

-- Written once, when a job is accepted. Small columns first: what recovery scans lies before what may overflow a page.
CREATE TABLE jobs (
  seq INTEGER PRIMARY KEY,
  id BLOB NOT NULL,
  created_at INTEGER NOT NULL,  -- UTC ticks of 100 ns since 0001-01-01, as all times here
  lane INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  tagset INTEGER NOT NULL,
  due_at INTEGER,               -- null: ready at once
  delayed INTEGER NOT NULL,     -- 1 when due_at came from a delay: then it is waited for on the steady clock
  unique_key TEXT,
  origin BLOB,
  spec BLOB NOT NULL,           -- JSON
  payload BLOB
);

CREATE INDEX jobs_by_origin ON jobs (origin) WHERE origin IS NOT NULL;

-- All that happened to a job since, in order. A job's state is the fold of its rows.
CREATE TABLE events (
  seq INTEGER NOT NULL,
  no INTEGER NOT NULL,
  kind INTEGER NOT NULL,        -- see Jobs/EventKind.cs
  at INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  status INTEGER NOT NULL,      -- the status from now on
  used INTEGER NOT NULL,        -- the attempts that count from now on
  due_at INTEGER,               -- waiting: when it is due; started: how long the lease lasts
  priority INTEGER,             -- updated: the new one
  started_at INTEGER,           -- ended without a started row: when it started; updated: since when it is ready
  who TEXT,                     -- the worker, or who canceled
  instance BLOB,
  outcome INTEGER,
  exit_code INTEGER,
  reason TEXT,
  detail BLOB,                  -- JSON: what an outcome seldom has
  error TEXT,
  result BLOB,
  PRIMARY KEY (seq, no)
) WITHOUT ROWID;

CREATE TABLE idempotency (
  key TEXT PRIMARY KEY,
  fingerprint TEXT,
  at INTEGER NOT NULL,
  answer BLOB NOT NULL
) WITHOUT ROWID;

CREATE INDEX idempotency_by_time ON idempotency (at);

CREATE TABLE queues (
  name TEXT PRIMARY KEY,
  paused INTEGER NOT NULL
) WITHOUT ROWID;

-- Text to search in: row 2 × seq is what was asked for, row 2 × seq + 1 the latest error. Jobs without text have none.
CREATE VIRTUAL TABLE job_text USING fts5 (text, content = '', contentless_delete = 1, tokenize = 'trigram');

-- low_water: no job with a smaller seq is unfinished, so recovery starts there.
CREATE TABLE marks (
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE documents (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  name TEXT NOT NULL,
  folded_name TEXT NOT NULL,
  version INTEGER NOT NULL,
  json BLOB NOT NULL,
  updated_at INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;

CREATE UNIQUE INDEX documents_by_name ON documents (kind, folded_name);

CREATE TABLE audit (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  origin TEXT,
  action TEXT NOT NULL,
  subject TEXT,
  detail TEXT
);
