SELECT snapshot_documents.*
FROM snapshot_documents
WHERE snapshot_id NOT IN (SELECT snapshot_id FROM published)
ORDER BY snapshot_id, document_id;
