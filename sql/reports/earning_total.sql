-- What the images earned by currency, in major units.
-- Grain: one row per currency with an amount, ordered by it.
--
-- currency VARCHAR: currency of the events
-- earnings BIGINT: rows of `earning`
-- amount DECIMAL(38, 6): their sum
SELECT
    currency,
    count(*) AS earnings,
    sum(amount_micros) * 0.000001 AS amount
FROM earning
GROUP BY currency
ORDER BY currency
