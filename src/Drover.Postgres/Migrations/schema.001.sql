-- Servers, keys, settings, tokens.
CREATE TABLE documents (
  kind text COLLATE "C" NOT NULL,
  id text COLLATE "C" NOT NULL,
  name text COLLATE "C" NOT NULL,
  folded_name text COLLATE "C" NOT NULL,
  version bigint NOT NULL,
  json bytea NOT NULL,
  -- Ticks of 100 ns since the year 1, as the program has them: timestamptz keeps only microseconds.
  updated_at bigint NOT NULL,
  PRIMARY KEY (kind, id),
  CONSTRAINT documents_name UNIQUE (kind, folded_name)
);

CREATE TABLE audit (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at bigint NOT NULL,
  actor text NOT NULL,
  origin text,
  action text NOT NULL,
  subject text,
  detail text
);
