SELECT requests.*
FROM requests
WHERE reference IN (SELECT reference FROM asked_references)
UNION
SELECT requests.*
FROM requests
SEMI JOIN asked_tasks USING ("index", task_uid)
QUALIFY row_number() OVER (PARTITION BY requests."index", requests.task_uid ORDER BY sent_at DESC) = 1
ORDER BY sent_at, reference, task_uid;
