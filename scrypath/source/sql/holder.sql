-- Who holds a snapshot's oldest transaction open. Other users' sessions do not say since when without a privilege.
SELECT format('The transaction of process %s', pid) AS holder, xact_start AS since
FROM pg_stat_activity
WHERE backend_xid = CAST(:transaction AS xid)
UNION ALL
SELECT format('The prepared transaction %L', gid), prepared
FROM pg_prepared_xacts
WHERE transaction = CAST(:transaction AS xid)
LIMIT 1;
