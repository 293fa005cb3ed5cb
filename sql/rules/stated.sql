-- What earlier statements carry of what the close computes or the close before held (SPEC §6).
-- Grain: one row per contributor, basis, reference, origin period and currency.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
-- stated_micros DECIMAL(38, 0): what they carry, in micros
-- credited_micros DECIMAL(38, 0): what they credited for it, in micros of the currency that the
--   account has now
WITH turn_left AS (
    SELECT * FROM turn WHERE onward IS NOT NULL
),

-- no earlier statement carries anything of the period that is closed
asked AS (
    SELECT touched.basis, touched.reference, touched.origin_period, touched.currency
    FROM touched
    CROSS JOIN close_input
    WHERE touched.origin_period < close_input.period
    UNION
    SELECT basis, reference, origin_period, currency
    FROM open_change
),

line AS (
    SELECT carried.*
    FROM earlier.statement_line AS carried
    CROSS JOIN close_input
    WHERE close_input.known_seq = 0
    UNION ALL
    SELECT carried.*
    FROM earlier.statement_line AS carried
    INNER JOIN asked
        ON
            carried.basis = asked.basis
            AND carried.reference = asked.reference
            AND carried.origin_period = asked.origin_period
            AND carried.currency = asked.currency
)

SELECT
    line.contributor_id,
    line.basis,
    line.reference,
    line.origin_period,
    line.currency,
    CAST(sum(line.delta_micros) AS DECIMAL(38, 0)) AS stated_micros,
    CAST(sum(
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
    ) AS DECIMAL(38, 0)) AS credited_micros
FROM line
LEFT JOIN turn_left
    ON
        line.contributor_id = turn_left.contributor_id
        AND line.period >= turn_left.first_period
        AND line.period < turn_left.next_period
GROUP BY line.contributor_id, line.basis, line.reference, line.origin_period, line.currency
