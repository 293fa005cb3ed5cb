-- A pool that a worker split wrongly: it didn't return one share a claim, or a part isn't the sum
-- of its shares.
-- Grain: one row per such pool, without a name where none such was given.
--
-- name VARCHAR: the pool
WITH given AS (
    SELECT part.part_id, part.amount_micros, claim.claimant
    FROM given_part AS part
    INNER JOIN given_weight AS claim ON part.part_id = claim.part_id
),

compared AS (
    SELECT
        coalesce(given.part_id, share.part_id) AS part_id,
        given.amount_micros AS whole_micros,
        share.amount_micros,
        given.part_id IS NULL OR share.part_id IS NULL OR share.amount_micros < 0 AS is_wrong
    FROM given
    FULL JOIN share_returned AS share
        ON
            given.part_id = share.part_id
            AND given.claimant IS NOT DISTINCT FROM share.contributor_id
)

SELECT DISTINCT
    concat_ws(' ', part.basis, part.reference, part.origin_period, part.currency) AS name
FROM (
    SELECT part_id
    FROM compared
    GROUP BY part_id
    HAVING bool_or(is_wrong) OR sum(amount_micros) != any_value(whole_micros)
) AS wrong
LEFT JOIN given_part AS part ON wrong.part_id = part.part_id
