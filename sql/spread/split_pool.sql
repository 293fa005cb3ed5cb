-- A pool that is split over claims.
-- Grain: one row per pool with a part that is split.
--
-- first_part BIGINT: number of its first part
-- last_part BIGINT: number of its last part; those between are the pool's
-- claims BIGINT: how many claims its parts have in all
SELECT
    min(part.part_id) AS first_part,
    max(part.part_id) AS last_part,
    count(*) AS claims
FROM pool_part AS part
INNER JOIN claim_weight ON part.part_id = claim_weight.part_id
GROUP BY part.basis, part.reference, part.origin_period, part.currency
