-- What each claim gets: the one place in SQL that splits an amount (SPEC §5.2, Splitting).
-- Each claim is floored; the leftover micros go one each to the largest remainders, ties to the
-- contributor first in order and to what is held last.
-- Grain: one row per claim.
--
-- part_id BIGINT: the part
-- contributor_id VARCHAR: the claimant; null for what is held as `unlicensed_image`
-- amount_micros HUGEINT: the claim's share of the part, in micros
WITH weighed AS (
    SELECT
        part_id,
        contributor_id,
        amount_micros,
        exact_product(amount_micros, weight, pool_name) AS product,
        sum(weight) OVER (PARTITION BY part_id) AS total_weight
    FROM claim
),

floored AS (
    SELECT
        part_id,
        contributor_id,
        amount_micros,
        floor_div(product, total_weight) AS floor_micros,
        product % total_weight AS remainder
    FROM weighed
),

ranked AS (
    SELECT
        part_id,
        contributor_id,
        floor_micros,
        amount_micros - sum(floor_micros) OVER (PARTITION BY part_id) AS leftover_micros,
        row_number() OVER (
            PARTITION BY part_id
            ORDER BY remainder DESC, contributor_id ASC NULLS LAST
        ) AS place
    FROM floored
)

SELECT
    part_id,
    contributor_id,
    floor_micros + CASE WHEN place <= leftover_micros THEN 1 ELSE 0 END AS amount_micros
FROM ranked
