-- A close states a key once.
-- Grain: one row per key that several lines of the close have.
--
-- contributor_id VARCHAR: whose lines they are
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the money is of
-- currency VARCHAR: of the money
-- lines BIGINT: how many there are
WITH keyed AS NOT MATERIALIZED (
    SELECT
        contributor_id,
        basis,
        reference,
        origin_period,
        currency,
        hash(contributor_id, basis, reference, origin_period, currency) AS key_hash
    FROM statement_line
),

-- Of millions of keys only those whose hash stands twice are compared as text.
suspect AS (
    SELECT key_hash
    FROM keyed
    GROUP BY key_hash
    HAVING count(*) > 1
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    count(*) AS lines
FROM keyed
WHERE key_hash IN (SELECT suspect.key_hash FROM suspect)
GROUP BY contributor_id, basis, reference, origin_period, currency
HAVING count(*) > 1
