-- Who has a claim to a part of a pool, and what it weighs, where every image of a manifest weighs
-- as much as any other: a rule that stands in the place of `claim_weight` in a simulation.
-- Grain: one row per part that is split and claimant.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor; null for what is held as `unlicensed_image`
-- weight HUGEINT: what the claim weighs
WITH claimed AS (
    SELECT
        image.model_id,
        image.version,
        owner.contributor_id AS claimant,
        sum(CAST(owner.share_ppm AS HUGEINT)) AS weight
    FROM manifest_image AS image
    INNER JOIN in_force.licence_contributor AS owner ON image.licence_seq = owner.seq
    GROUP BY image.model_id, image.version, owner.contributor_id
    UNION ALL
    SELECT
        model_id,
        version,
        NULL AS claimant,
        CAST(count(*) AS HUGEINT) * 1000000 AS weight
    FROM manifest_image
    WHERE licence_seq IS NULL
    GROUP BY model_id, version
)

SELECT
    part.part_id,
    claimed.claimant,
    claimed.weight
FROM pool_part AS part
INNER JOIN claimed ON part.model_id = claimed.model_id AND part.version = claimed.version
WHERE part.reason IS NULL
UNION ALL
SELECT part_id, claimant, weight FROM attributed_claim
