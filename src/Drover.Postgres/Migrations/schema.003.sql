-- Requests that other people's transactions leave; the leading node accepts them. They hold no lock that anybody waits for.
CREATE TABLE inbox (
  -- So that what is new can be told from a snapshot, in whatever order transactions end.
  xid bigint NOT NULL DEFAULT pg_current_xact_id()::text::bigint,
  seq bigint GENERATED ALWAYS AS IDENTITY,
  -- The first job's id.
  id uuid NOT NULL,
  content bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  -- Why it can never be accepted.
  fault text,
  PRIMARY KEY (xid, seq)
);
ALTER TABLE inbox SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION inbox_filled() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- The server delivers it when the transaction commits, and once for all of them that say the same.
  PERFORM pg_notify(TG_TABLE_SCHEMA, 'inbox');
  RETURN NULL;
END $$;
CREATE TRIGGER filled AFTER INSERT ON inbox FOR EACH STATEMENT EXECUTE FUNCTION inbox_filled();
