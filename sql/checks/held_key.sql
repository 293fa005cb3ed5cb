-- A held part stands once.
-- Grain: one row per key that several held parts have.
--
-- reason VARCHAR: why it is held
-- basis VARCHAR: where the money came from
-- reference VARCHAR: what it is about
-- contributor_id VARCHAR: whose it is, where the reason names one
-- origin_period VARCHAR: period that it is of
-- currency VARCHAR: of the amount
-- parts BIGINT: how many there are
SELECT
    reason,
    basis,
    reference,
    contributor_id,
    origin_period,
    currency,
    count(*) AS parts
FROM standing_held
GROUP BY reason, basis, reference, contributor_id, origin_period, currency
HAVING count(*) > 1
