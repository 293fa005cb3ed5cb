-- A claim to a part of a pool, by weight (SPEC §5.2, Splitting).
-- Grain: one row per part that is split and claimant.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor; null for what is held as `unlicensed_image`
-- amount_micros DECIMAL(38, 0): the whole part, in micros
-- weight HUGEINT: what the claim weighs
-- pool_name VARCHAR: the pool, for a message
SELECT
    part.part_id,
    claimed.contributor_id AS claimant,
    part.amount_micros,
    claimed.weight,
    concat_ws(
        ' ', part.basis, 'pool', part.reference, part.origin_period, part.currency
    ) AS pool_name
FROM pool_part AS part
INNER JOIN manifest_weight AS claimed
    ON part.model_id = claimed.model_id AND part.version = claimed.version
WHERE part.reason IS NULL
UNION ALL
SELECT
    part.part_id,
    owner.contributor_id AS claimant,
    part.amount_micros,
    owner.share_ppm AS weight,
    concat_ws(
        ' ', part.basis, 'pool', part.reference, part.origin_period, part.currency
    ) AS pool_name
FROM pool_part AS part
INNER JOIN in_force.licence_contributor AS owner ON part.licence_seq = owner.seq
WHERE part.reason IS NULL
