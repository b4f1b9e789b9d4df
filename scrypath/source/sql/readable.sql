SELECT
    CAST(current_setting('server_version_num') AS integer) >= 130000 AS current_enough,
    has_function_privilege('pg_control_system()', 'EXECUTE')
        AND has_function_privilege('pg_control_checkpoint()', 'EXECUTE') AS readable;
