-- Who has a claim to a part of a pool, and what it weighs (SPEC §5.2, Manifest): the rule by which
-- money inside a pool is shared. Those of `sql/simulate` stand in its place in a simulation.
-- Grain: one row per part that is split and claimant.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor; null for what is held as `unlicensed_image`
-- weight HUGEINT: what the claim weighs
SELECT
    part.part_id,
    claimed.contributor_id AS claimant,
    claimed.weight
FROM pool_part AS part
INNER JOIN standing_weight AS claimed
    ON part.model_id = claimed.model_id AND part.version = claimed.version
WHERE part.reason IS NULL
UNION ALL
SELECT part_id, claimant, weight FROM attributed_claim
