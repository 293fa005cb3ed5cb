-- What a contributor of an attributed image's licence weighs in the part that comes to the image
-- (SPEC §5.2, Attribution).
-- Grain: one row per part of a licensed image and contributor.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor
-- weight HUGEINT: the contributor's share of the licence, in ppm
SELECT
    part.part_id,
    owner.contributor_id AS claimant,
    CAST(owner.share_ppm AS HUGEINT) AS weight
FROM pool_part AS part
INNER JOIN in_force.licence_contributor AS owner ON part.licence_seq = owner.seq
WHERE part.reason IS NULL
