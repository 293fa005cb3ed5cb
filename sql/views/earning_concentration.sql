-- How unequally the earnings that a close stated are spread over those who earned more than 0.
-- They are in the currency of the events, which contributors who are paid in different ones share.
-- The Gini coefficient is 0 where all earn the same, and nears a million where one earns all.
-- Grain: one row per closed period and currency of events with something earned.
--
-- period VARCHAR: the period closed
-- currency VARCHAR: currency of the events
-- contributors BIGINT: contributors who earned more than 0
-- earned_micros DECIMAL(38, 0): what they earned, adjustments with it, in micros
-- gini_ppm BIGINT: the Gini coefficient, in millionths, floored
-- top_1_share_ppm BIGINT: part of the one percent who earned most, rounded up to whole
--   contributors, in millionths, floored
-- top_10_share_ppm BIGINT: part of the ten percent who earned most, in the same way
-- largest_share_ppm BIGINT: part of the one who earned most, in millionths, floored
WITH earned AS (
    SELECT
        period,
        currency,
        contributor_id,
        CAST(sum(delta_micros) AS HUGEINT) AS micros
    FROM statement_line
    GROUP BY period, currency, contributor_id
),

ranked AS (
    SELECT
        period,
        currency,
        micros,
        row_number() OVER (
            PARTITION BY period, currency ORDER BY micros, contributor_id
        ) AS place,
        count(*) OVER (PARTITION BY period, currency) AS contributors
    FROM earned
    WHERE micros > 0
),

summed AS (
    SELECT
        period,
        currency,
        contributors,
        sum(micros) AS total,
        sum((2 * place - contributors - 1) * micros) AS spread,
        sum(micros) FILTER (
            WHERE contributors - place < floor_abs(CAST(contributors + 99 AS HUGEINT), 100)
        ) AS top_1,
        sum(micros) FILTER (
            WHERE contributors - place < floor_abs(CAST(contributors + 9 AS HUGEINT), 10)
        ) AS top_10,
        max(micros) AS largest
    FROM ranked
    GROUP BY period, currency, contributors
)

SELECT
    period,
    currency,
    contributors,
    CAST(total AS DECIMAL(38, 0)) AS earned_micros,
    CAST(floor_abs(spread * 1000000, contributors * total) AS BIGINT) AS gini_ppm,
    CAST(floor_abs(top_1 * 1000000, total) AS BIGINT) AS top_1_share_ppm,
    CAST(floor_abs(top_10 * 1000000, total) AS BIGINT) AS top_10_share_ppm,
    CAST(floor_abs(largest * 1000000, total) AS BIGINT) AS largest_share_ppm
FROM summed
