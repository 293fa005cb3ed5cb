-- How unequally what is owed for the period is spread over those who are owed more than 0, by the
-- present rules and in the simulation; as `earning_concentration` has it of what closes stated.
-- Grain: one row per outcome and currency with anything owed.
--
-- outcome VARCHAR: `present` or `simulated`
-- currency VARCHAR: currency of the events
-- contributors BIGINT: contributors who are owed more than 0
-- gini_ppm BIGINT: the Gini coefficient, in millionths, floored
-- top_1_share_ppm BIGINT: part of the one percent who are owed most, rounded up to whole
--   contributors, in millionths, floored
-- top_10_share_ppm BIGINT: part of the ten percent who are owed most, in the same way
-- largest_share_ppm BIGINT: part of the one who is owed most, in millionths, floored
WITH owed_by_outcome AS (
    SELECT
        'present' AS outcome,
        currency,
        contributor_id,
        CAST(present_micros AS HUGEINT) AS micros
    FROM compared
    UNION ALL
    SELECT
        'simulated' AS outcome,
        currency,
        contributor_id,
        CAST(simulated_micros AS HUGEINT) AS micros
    FROM compared
),

ranked AS (
    SELECT
        outcome,
        currency,
        micros,
        row_number() OVER (
            PARTITION BY outcome, currency ORDER BY micros, contributor_id
        ) AS place,
        count(*) OVER (PARTITION BY outcome, currency) AS contributors
    FROM owed_by_outcome
    WHERE micros > 0
),

summed AS (
    SELECT
        outcome,
        currency,
        contributors,
        sum(micros) AS total,
        sum((2 * place - contributors - 1) * micros) AS spread,
        sum(micros) FILTER (
            WHERE contributors - place < floor_div(contributors + 99, 100)
        ) AS top_1,
        sum(micros) FILTER (
            WHERE contributors - place < floor_div(contributors + 9, 10)
        ) AS top_10,
        max(micros) AS largest
    FROM ranked
    GROUP BY outcome, currency, contributors
)

SELECT
    outcome,
    currency,
    contributors,
    CAST(floor_div(spread * 1000000, contributors * total) AS BIGINT) AS gini_ppm,
    CAST(floor_div(top_1 * 1000000, total) AS BIGINT) AS top_1_share_ppm,
    CAST(floor_div(top_10 * 1000000, total) AS BIGINT) AS top_10_share_ppm,
    CAST(floor_div(largest * 1000000, total) AS BIGINT) AS largest_share_ppm
FROM summed
