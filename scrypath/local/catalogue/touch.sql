-- Whoever writes, and by whatever program: a changed row says when it changed.
CREATE OR REPLACE FUNCTION scrypath_catalogue_touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON cities
    FOR EACH ROW EXECUTE FUNCTION scrypath_catalogue_touch();

CREATE OR REPLACE TRIGGER touch BEFORE UPDATE ON countries
    FOR EACH ROW EXECUTE FUNCTION scrypath_catalogue_touch();
