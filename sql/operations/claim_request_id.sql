-- Takes a request id for an operation, in the transaction of its effect and after it: whoever writes
-- users and ids writes them in this order. Fails on the unique key when somebody has used the id.
-- Parameters: request_id. Result: none.
INSERT INTO credit_requests (request_id, kind)
VALUES (%(request_id)s::text, 'operation')
