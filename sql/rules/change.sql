-- What an entitlement differs by from what statements carry already (SPEC §6).
-- Grain: one row per contributor, basis, reference, origin period and currency with a difference.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
-- stated_micros DECIMAL(38, 0): what earlier statements carry, in micros
-- credited_micros DECIMAL(38, 0): what they credited for it, in micros of the currency that the
--   account has now
-- entitled_micros DECIMAL(38, 0): the entitlement now, in micros
-- delta_micros DECIMAL(38, 0): the difference, in micros, never 0
WITH turn_left AS (
    SELECT * FROM turn WHERE onward IS NOT NULL
),

stated AS (
    SELECT
        line.contributor_id,
        line.basis,
        line.reference,
        line.origin_period,
        line.currency,
        sum(line.delta_micros) AS stated_micros,
        sum(
            CASE
                WHEN turn_left.onward IS NULL THEN line.amount_micros
                ELSE CAST(
                    at_later_rates(
                        line.amount_micros,
                        turn_left.onward,
                        concat_ws(' ', 'line', line.line, 'of', line.statement_id)
                    ) AS DECIMAL(38, 0)
                )
            END
        ) AS credited_micros
    FROM earlier.statement_line AS line
    LEFT JOIN turn_left
        ON
            line.contributor_id = turn_left.contributor_id
            AND line.period >= turn_left.first_period
            AND line.period < turn_left.next_period
    GROUP BY line.contributor_id, line.basis, line.reference, line.origin_period, line.currency
)

SELECT
    contributor_id,
    basis,
    reference,
    origin_period,
    currency,
    CAST(coalesce(stated.stated_micros, 0) AS DECIMAL(38, 0)) AS stated_micros,
    CAST(coalesce(stated.credited_micros, 0) AS DECIMAL(38, 0)) AS credited_micros,
    CAST(coalesce(entitlement.amount_micros, 0) AS DECIMAL(38, 0)) AS entitled_micros,
    CAST(
        coalesce(entitlement.amount_micros, 0) - coalesce(stated.stated_micros, 0)
        AS DECIMAL(38, 0)
    ) AS delta_micros
FROM entitlement
FULL JOIN stated USING (contributor_id, basis, reference, origin_period, currency)
WHERE delta_micros != 0
