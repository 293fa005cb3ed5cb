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
    FROM advance_turn
    WHERE turn IS NULL
    UNION ALL
    SELECT
        last_statement.contributor_id, 'advance', last_statement.currency,
        outstanding.outstanding_micros
    FROM last_statement
    INNER JOIN outstanding ON last_statement.contributor_id = outstanding.contributor_id
    UNION ALL
    SELECT contributor_id, 'carried', currency, carried_micros FROM last_statement
    UNION ALL
    SELECT
        last_statement.contributor_id, 'reserve', last_statement.currency,
        kept_reserve.amount_micros
    FROM last_statement
    INNER JOIN kept_reserve ON last_statement.contributor_id = kept_reserve.contributor_id
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
