-- What stands open with a contributor who isn't registered, or no longer (SPEC §6, Statement).
-- Grain: one row per contributor, basis and currency, where it isn't 0.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `advance`, `carried` or `reserve`
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what stands open, in micros
WITH open AS (
    SELECT
        contributor_id, 'advance' AS basis, currency,
        CAST(amount_micros AS DECIMAL(38, 0)) AS amount_micros
    FROM advance_in_force
    WHERE NOT redeclared
    UNION ALL
    SELECT contributor_id, 'advance', currency, -recouped_micros FROM previous
    UNION ALL
    SELECT contributor_id, 'carried', currency, carried_micros FROM previous
    UNION ALL
    SELECT contributor_id, 'reserve', currency, reserve_micros FROM previous
)

SELECT
    contributor_id,
    basis,
    currency,
    CAST(sum(amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM open
WHERE contributor_id NOT IN (SELECT registered.contributor_id FROM registered)
GROUP BY contributor_id, basis, currency
HAVING sum(amount_micros) != 0
