-- A close states a key once.
-- Grain: one row per key that several lines of the close have.
--
-- contributor_id VARCHAR: whose lines they are
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the money is of
-- currency VARCHAR: of the money
-- lines BIGINT: how many there are
SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    count(*) AS lines
FROM statement_line
GROUP BY contributor_id, basis, reference, origin_period, currency
HAVING count(*) > 1
