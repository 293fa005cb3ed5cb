-- What a contributor earned by the statements, period after period.
-- Grain: one row per issued statement.
--
-- contributor_id VARCHAR: the contributor
-- period VARCHAR: period of the statement
-- currency VARCHAR: currency of the statement, and of the amounts
-- statement_id VARCHAR: the statement, `period/contributor_id`
-- direct_micros DECIMAL(38, 0): earned by licences, adjustments with it, in micros
-- training_micros DECIMAL(38, 0): earned of training fees, adjustments with it, in micros
-- generation_micros DECIMAL(38, 0): earned of generations, adjustments with it, in micros
-- adjustments_micros DECIMAL(38, 0): what of the three is of earlier periods, in micros
-- earned_micros DECIMAL(38, 0): the three together, in micros
-- earned_until_now_micros DECIMAL(38, 0): earned by the statements up to this one in its currency
-- payable_micros DECIMAL(38, 0): to be paid by the statement, in micros
WITH earned AS (
    SELECT
        statement_id,
        sum(amount_micros) FILTER (WHERE basis = 'direct') AS direct_micros,
        sum(amount_micros) FILTER (WHERE basis = 'training') AS training_micros,
        sum(amount_micros) FILTER (WHERE basis = 'generation') AS generation_micros
    FROM statement_line
    GROUP BY statement_id
)

SELECT
    statement.contributor_id,
    statement.period,
    statement.currency,
    statement.statement_id,
    CAST(coalesce(earned.direct_micros, 0) AS DECIMAL(38, 0)) AS direct_micros,
    CAST(coalesce(earned.training_micros, 0) AS DECIMAL(38, 0)) AS training_micros,
    CAST(coalesce(earned.generation_micros, 0) AS DECIMAL(38, 0)) AS generation_micros,
    statement.adjustments_micros,
    CAST(statement.royalties_micros + statement.adjustments_micros AS DECIMAL(38, 0))
        AS earned_micros,
    CAST(
        sum(statement.royalties_micros + statement.adjustments_micros) OVER (
            PARTITION BY statement.contributor_id, statement.currency ORDER BY statement.period
        ) AS DECIMAL(38, 0)
    ) AS earned_until_now_micros,
    statement.payable_micros
FROM statement
LEFT JOIN earned USING (statement_id)
