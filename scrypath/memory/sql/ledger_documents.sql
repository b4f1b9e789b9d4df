SELECT request, document_id
FROM request_documents
WHERE request IN (SELECT unnest(from_json($requests::JSON, '["BIGINT"]')));
