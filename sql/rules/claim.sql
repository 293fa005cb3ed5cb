-- A claim to a part of a pool, by weight (SPEC §5.2, Splitting).
-- Grain: one row per part that is split and claimant.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor; null for what is held as `unlicensed_image`
-- amount_micros DECIMAL(38, 0): the whole part, in micros
-- weight HUGEINT: what the claim weighs
-- pool_name VARCHAR: the pool, for a message
SELECT
    claim_weight.part_id,
    claim_weight.claimant,
    part.amount_micros,
    claim_weight.weight,
    concat_ws(
        ' ', part.basis, 'pool', part.reference, part.origin_period, part.currency
    ) AS pool_name
FROM claim_weight
INNER JOIN pool_part AS part ON claim_weight.part_id = part.part_id
