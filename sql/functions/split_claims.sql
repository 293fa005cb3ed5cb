-- Splits amounts over weights: the one place in SQL that does (SPEC §5.2, Splitting).
-- `claims` names a staged relation with one row per part that is split and claimant: `part_id`,
-- `claimant`, `amount_micros` (of the whole part), `weight`, and `pool_name` for a message.
-- Each claim is floored; the leftover micros go one each to the largest remainders, ties to the
-- claimant first in order, null last.
--
-- Where amount and total weight are below 2^60, a part is divided once: `rate_e60` is the floor of
-- amount * 2^60 / total. A claim of that rate, floored, is the claim's floor or one below it, since
-- weight / 2^60 is below 1; the remainder tells which. Other parts are divided claim by claim.
CREATE OR REPLACE MACRO split_claims(claims) AS TABLE
    WITH part AS (
        SELECT
            part_id,
            exact_integer(any_value(amount_micros)) AS whole_micros,
            sum(weight) AS total_weight
        FROM query_table(claims)
        GROUP BY part_id
    ),

    rated AS (
        SELECT
            *,
            CASE
                WHEN
                    whole_micros BETWEEN 0 AND 1152921504606846975
                    AND total_weight BETWEEN 1 AND 1152921504606846975
                    THEN floor_abs(whole_micros * 1152921504606846976, total_weight)
            END AS rate_e60
        FROM part
    ),

    multiplied AS (
        SELECT
            claim.part_id,
            claim.claimant,
            claim.weight,
            part.* EXCLUDE (part_id),
            CASE
                WHEN part.rate_e60 IS NULL
                    THEN exact_product(part.whole_micros, claim.weight, claim.pool_name)
                ELSE part.whole_micros * claim.weight
            END AS product
        FROM query_table(claims) AS claim
        INNER JOIN rated AS part ON claim.part_id = part.part_id
    ),

    estimated AS (
        SELECT
            *,
            CASE
                WHEN rate_e60 IS NULL THEN floor_div(product, total_weight)
                ELSE (weight * rate_e60) >> 60
            END AS estimate
        FROM multiplied
    ),

    floored AS (
        SELECT
            part_id,
            claimant,
            whole_micros,
            product,
            total_weight,
            estimate
            + CAST(product - estimate * total_weight >= total_weight AS INTEGER) AS floor_micros
        FROM estimated
    ),

    ranked AS (
        SELECT
            part_id,
            claimant,
            floor_micros,
            whole_micros - sum(floor_micros) OVER (PARTITION BY part_id) AS leftover_micros,
            row_number() OVER (
                PARTITION BY part_id
                ORDER BY product - floor_micros * total_weight DESC, claimant ASC NULLS LAST
            ) AS place
        FROM floored
    )

    SELECT
        part_id,
        claimant,
        floor_micros + CASE WHEN place <= leftover_micros THEN 1 ELSE 0 END AS amount_micros
    FROM ranked;
