DO $$$$
BEGIN
    -- IF NOT EXISTS still asks for the right to create a schema, which "public" users rarely have.
    IF to_regnamespace('${prefix}') IS NULL THEN
        CREATE SCHEMA ${prefix};
    END IF;
END
$$$$;
