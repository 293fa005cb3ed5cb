-- What a contributor gets of a pool that the close computes (SPEC §5.2).
-- Grain: one row per pool and contributor.
--
-- basis VARCHAR: `training` or `generation`
-- reference VARCHAR: reference of the pool, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- contributor_id VARCHAR: the contributor
-- amount_micros DECIMAL(38, 0): the contributor's part, in micros, above 0
SELECT
    part.basis,
    part.reference,
    part.origin_period,
    part.currency,
    share.contributor_id,
    CAST(sum(share.amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM claim_share AS share
INNER JOIN pool_part AS part ON share.part_id = part.part_id
WHERE share.contributor_id IS NOT NULL
GROUP BY
    part.basis,
    part.reference,
    part.origin_period,
    part.currency,
    share.contributor_id
HAVING sum(share.amount_micros) > 0
