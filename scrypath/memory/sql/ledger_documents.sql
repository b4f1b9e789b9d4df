SELECT request, document_id
FROM request_documents
WHERE request IN (SELECT request FROM found_requests);
