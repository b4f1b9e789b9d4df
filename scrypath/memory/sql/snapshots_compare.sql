WITH earlier AS (
    SELECT document_id, drift FROM snapshot_documents WHERE snapshot_id = $earlier
),
later AS (
    SELECT document_id, drift FROM snapshot_documents WHERE snapshot_id = $later
),
changes AS (
    SELECT
        document_id,
        CASE
            WHEN earlier.drift IS NULL OR earlier.drift = 'in_flight' THEN 'new'
            WHEN later.drift IS NULL THEN 'resolved'
            ELSE 'persisting'
        END AS change,
        earlier.drift AS before,
        later.drift AS after
    FROM earlier
    FULL JOIN later USING (document_id)
    WHERE coalesce(earlier.drift, 'in_flight') <> 'in_flight'
        OR coalesce(later.drift, 'in_flight') <> 'in_flight'
)
SELECT document_id, change, before, after
FROM changes
ORDER BY change, document_id;
