-- A queue is listed from its first job on. A line is no proof of one: its first request may have been refused.
INSERT INTO queues (name, paused) SELECT DISTINCT queue, false FROM lines ON CONFLICT (name) DO NOTHING;

-- How many finished jobs each line has by status, so that counting them does not read them. Whatever adds or removes some
-- leaves a row, since a row that all change would let them wait for each other; the sum is the count. The leading node
-- puts rows together.
CREATE TABLE done_counts (
  line integer NOT NULL,
  status smallint NOT NULL,
  n bigint NOT NULL
);
ALTER TABLE done_counts SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000, autovacuum_vacuum_cost_delay = 0);

CREATE FUNCTION done_changed() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  INSERT INTO done_counts SELECT line, status, CASE TG_OP WHEN 'INSERT' THEN count(*) ELSE -count(*) END FROM changed GROUP BY line, status;
  RETURN NULL;
END $$;
CREATE TRIGGER added AFTER INSERT ON done REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION done_changed();
CREATE TRIGGER removed AFTER DELETE ON done REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION done_changed();
INSERT INTO done_counts SELECT line, status, count(*) FROM done GROUP BY line, status;

-- For searches in errors.
CREATE INDEX done_error ON done (seq) WHERE error IS NOT NULL;
