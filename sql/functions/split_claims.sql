-- Splits amounts over weights: the one place in SQL that does (SPEC §5.2, Splitting).
-- `claims` names a staged relation with one row per part that is split and claimant: `part_id`,
-- `claimant`, `amount_micros` (of the whole part), `weight`, and `pool_name` for a message.
-- Each claim is floored; the leftover micros go one each to the largest remainders, ties to the
-- claimant first in order, null last.
CREATE OR REPLACE MACRO split_claims(claims) AS TABLE
    WITH weighed AS (
        SELECT
            part_id,
            claimant,
            amount_micros,
            exact_product(amount_micros, weight, pool_name) AS product,
            sum(weight) OVER (PARTITION BY part_id) AS total_weight
        FROM query_table(claims)
    ),

    floored AS (
        SELECT
            part_id,
            claimant,
            amount_micros,
            floor_div(product, total_weight) AS floor_micros,
            product % total_weight AS remainder
        FROM weighed
    ),

    ranked AS (
        SELECT
            part_id,
            claimant,
            floor_micros,
            amount_micros - sum(floor_micros) OVER (PARTITION BY part_id) AS leftover_micros,
            row_number() OVER (
                PARTITION BY part_id
                ORDER BY remainder DESC, claimant ASC NULLS LAST
            ) AS place
        FROM floored
    )

    SELECT
        part_id,
        claimant,
        floor_micros + CASE WHEN place <= leftover_micros THEN 1 ELSE 0 END AS amount_micros
    FROM ranked;
