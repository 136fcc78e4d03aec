-- title: Revenue by day
-- description: US dollars by the day on which Stripe took the money, in UTC; days without a payment
--     too. refunded_usd is what of that day's payments has gone back by refund since, disputed_usd
--     what is in disputes that are open or lost, and net_usd what is left. The part of a foreign
--     charge that went back is amount_paid x refunded (or disputed) / charged, rounded half even to
--     cents.
--     Payments whose worth in dollars Stripe has not said yet are counted in unknown_usd_payments.
-- param from: date 2010-01-01..tomorrow, default 29 days ago
--     The first day, in UTC.
-- param to: date 2010-01-01..tomorrow, default tomorrow
--     The day after the last one, in UTC.
-- chart: columns of net_usd, refunded_usd, disputed_usd by day

WITH by_day AS (
    SELECT day, sum(payments) AS payments, sum(gross_usd) AS gross,
           sum(refunded_usd) AS refunded, sum(disputed_usd) AS disputed,
           sum(unknown_usd_payments) AS unknown
    FROM payment_totals
    WHERE slice = 'status' AND payment_status IN ('paid', 'refunded', 'disputed', 'lost')
      AND day >= %(from)s AND day < %(to)s
    GROUP BY day
)
SELECT days.day::date AS day,
       coalesce(by_day.payments, 0)::bigint AS payments,
       coalesce(by_day.gross, 0)::numeric(20, 2) AS gross_usd,
       coalesce(by_day.refunded, 0)::numeric(20, 2) AS refunded_usd,
       coalesce(by_day.disputed, 0)::numeric(20, 2) AS disputed_usd,
       (coalesce(by_day.gross, 0) - coalesce(by_day.refunded, 0)
        - coalesce(by_day.disputed, 0))::numeric(20, 2) AS net_usd,
       coalesce(by_day.unknown, 0)::bigint AS unknown_usd_payments
FROM generate_series(%(from)s::timestamp, %(to)s::timestamp - interval '1 day',
                     interval '1 day') AS days (day)
LEFT JOIN by_day ON by_day.day = days.day::date
ORDER BY days.day
