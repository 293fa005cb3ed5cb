-- What is held of the model version, summed over contributors.
-- Grain: one row per reason, basis, origin period and currency.
--
-- reason VARCHAR: why it is held
-- basis VARCHAR: `training` or `generation`
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what is held, in micros
-- contributors BIGINT: how many contributors it is held for; 0 where it is nobody's yet
SELECT
    reason,
    basis,
    origin_period,
    currency,
    CAST(sum(amount_micros) AS DECIMAL(38, 0)) AS amount_micros,
    count(DISTINCT contributor_id) AS contributors
FROM explained_held
GROUP BY reason, basis, origin_period, currency
HAVING sum(amount_micros) != 0
