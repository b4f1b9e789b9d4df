SELECT ledger.*
FROM ledger
WHERE reference IN (SELECT reference FROM asked_references)
UNION
SELECT ledger.*
FROM ledger
SEMI JOIN asked_tasks USING ("index", task_uid)
QUALIFY row_number() OVER (PARTITION BY ledger."index", ledger.task_uid ORDER BY sent_at DESC) = 1
ORDER BY sent_at, reference, task_uid;
