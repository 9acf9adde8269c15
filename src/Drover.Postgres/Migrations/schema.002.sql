-- Jobs. All times are ticks of 100 ns since the year 1, as the program has them.
CREATE SEQUENCE job_seq;

-- One row. The version rises when a line or a queue is added, paused or resumed, so that nodes know when to read them anew.
CREATE TABLE registry (version bigint NOT NULL);
INSERT INTO registry VALUES (0);

CREATE TABLE queues (
  name text COLLATE "C" PRIMARY KEY,
  paused boolean NOT NULL
);

-- Jobs of one queue with equal needs, limit key and priority stand in one line. Lines are only added.
CREATE TABLE lines (
  id integer PRIMARY KEY,
  queue text COLLATE "C" NOT NULL,
  needs text NOT NULL,
  limit_key text NOT NULL,
  priority integer NOT NULL
);

-- What was asked for. Written once; only a change of priority touches the line.
CREATE TABLE jobs (
  seq bigint PRIMARY KEY,
  created_at bigint NOT NULL,
  id uuid NOT NULL,
  line integer NOT NULL,
  kind smallint NOT NULL,
  spec bytea NOT NULL,
  payload bytea,
  tags text[],
  origin uuid,
  search text
);
CREATE UNIQUE INDEX jobs_id ON jobs (id);
CREATE INDEX jobs_tags ON jobs USING gin (tags) WHERE tags IS NOT NULL;
CREATE INDEX jobs_origin ON jobs (origin) WHERE origin IS NOT NULL;

-- Where a job stands: its row is in exactly one of ready, running, waiting and done, which have the same columns. So the
-- tables that are looked into all the time stay small whatever the history.
CREATE TABLE ready (
  seq bigint NOT NULL,
  -- When it became ready the last time.
  ready_at bigint NOT NULL,
  run_at bigint,
  started_at bigint,
  finished_at bigint,
  -- When a waiting job is due: on the wall clock, or on the nodes' steady clock for delays and backoffs.
  due bigint,
  -- On the steady clock.
  lease_until bigint,
  lease_length bigint,
  -- The last output's number.
  out_seq bigint,
  cancel_at bigint,
  line integer NOT NULL,
  attempt integer NOT NULL,
  used integer NOT NULL,
  status smallint NOT NULL,
  wall boolean,
  -- Whether it has come back into its line (retried, promoted) and so may stand before those that were there meanwhile.
  back boolean,
  -- Of running jobs: whether their line has a limit key.
  limited boolean,
  instance uuid,
  worker text,
  cancel_by text,
  unique_key text,
  outcome bytea,
  error text
);
CREATE TABLE running (LIKE ready INCLUDING DEFAULTS) WITH (fillfactor = 70);
CREATE TABLE waiting (LIKE ready INCLUDING DEFAULTS);
CREATE TABLE done (LIKE ready INCLUDING DEFAULTS);
ALTER TABLE ready ADD PRIMARY KEY (line, back, seq);
ALTER TABLE running ADD PRIMARY KEY (seq);
ALTER TABLE waiting ADD PRIMARY KEY (seq);
ALTER TABLE done ADD PRIMARY KEY (seq);
CREATE INDEX running_lease ON running (lease_until);
CREATE INDEX running_limited ON running (line) WHERE limited;
CREATE INDEX running_worker ON running (worker);
CREATE INDEX waiting_due ON waiting (wall, due, seq);
CREATE INDEX done_finished ON done (finished_at, seq) WHERE status <> 6;
CREATE INDEX done_failed ON done (finished_at, seq) WHERE status = 6;
-- What comes and goes thousands of times a second is cleaned soon and fast.
ALTER TABLE ready SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);
ALTER TABLE running SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

-- Attempts that ended without ending their job; the last one of a finished job stands in done.
CREATE TABLE attempts (
  seq bigint NOT NULL,
  started_at bigint NOT NULL,
  finished_at bigint NOT NULL,
  number integer NOT NULL,
  worker text NOT NULL,
  outcome bytea NOT NULL,
  PRIMARY KEY (seq, number)
);

CREATE TABLE output (
  seq bigint NOT NULL,
  number bigint NOT NULL,
  at bigint NOT NULL,
  dropped bigint NOT NULL,
  attempt integer NOT NULL,
  stream smallint NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (seq, number)
);
-- Compressing would cost more than it saves.
ALTER TABLE output ALTER COLUMN bytes SET STORAGE EXTERNAL;

-- Keys of jobs that have not finished.
CREATE TABLE unique_keys (
  key text COLLATE "C" PRIMARY KEY,
  seq bigint NOT NULL
);

CREATE TABLE idempotency_keys (
  key text COLLATE "C" PRIMARY KEY,
  at bigint NOT NULL,
  fingerprint text NOT NULL,
  answer bytea NOT NULL
);
CREATE INDEX idempotency_keys_at ON idempotency_keys (at);

-- The nodes that are alive, by the server's clock.
CREATE TABLE nodes (
  id uuid PRIMARY KEY,
  seen_at timestamptz NOT NULL
);
