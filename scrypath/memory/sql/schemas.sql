SELECT "schema" FROM snapshots
UNION
SELECT "schema" FROM failures WHERE "schema" IS NOT NULL
UNION
SELECT "schema" FROM audit WHERE "schema" IS NOT NULL;
