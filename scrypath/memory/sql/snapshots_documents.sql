SELECT document_id, drift, row_fingerprint, document_fingerprint, detail
FROM snapshot_documents
WHERE snapshot_id = $snapshot_id;
