-- The workers that are connected to a node, as it tells the others.
ALTER TABLE nodes ADD COLUMN workers bytea;

CREATE FUNCTION document_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  -- Documents are changed seldom, so that it may be told in their own transaction, where it cannot be lost.
  PERFORM pg_notify(TG_TABLE_SCHEMA, 'document ' || CASE TG_OP WHEN 'DELETE' THEN OLD.kind ELSE NEW.kind END);
  RETURN NULL;
END $$;
CREATE TRIGGER changed AFTER INSERT OR UPDATE OR DELETE ON documents FOR EACH ROW EXECUTE FUNCTION document_changed();
