-- One event a payment; one in a hundred is none of ours, one in two thousand came by another way.
INSERT INTO stripe_events (
    event_id, event_type, api_version, object_id, event_created, source, outcome, payment_id,
    received_at)
SELECT 'evt_' || md5(payment_id), 'checkout.session.completed', '2026-10-28.endive',
       stripe_session_id, created_at,
       CASE WHEN roll < 0.0005 THEN 'reconcile' WHEN roll < 0.0006 THEN 'operations'
            ELSE 'webhook' END,
       CASE WHEN roll > 0.99 THEN 'ignored' ELSE 'recorded' END,
       CASE WHEN roll > 0.99 THEN NULL ELSE payment_id END,
       created_at + interval '6 seconds'
FROM (SELECT random() AS roll, * FROM payment_transactions) AS payments
