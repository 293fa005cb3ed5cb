-- Who has a claim to a part of a pool, and what it weighs, where what comes to a manifest is shared
-- equally by its licensed contributors: a rule that stands in the place of `claim_weight` in a
-- simulation. What is held for unlicensed images is what it is by weight.
-- Grain: one row per part that is split and claimant.
--
-- part_id BIGINT: the part
-- claimant VARCHAR: the contributor; null for what is held as `unlicensed_image`
-- weight HUGEINT: what the claim weighs
WITH manifest AS (
    SELECT
        model_id,
        version,
        sum(weight) FILTER (WHERE contributor_id IS NOT NULL) AS licensed_weight,
        count(contributor_id) AS contributors
    FROM standing_weight
    GROUP BY model_id, version
)

SELECT
    part.part_id,
    claimed.contributor_id AS claimant,
    CASE
        WHEN claimed.contributor_id IS NOT NULL THEN manifest.licensed_weight
        ELSE
            exact_product(
                claimed.weight,
                greatest(manifest.contributors, 1),
                concat_ws(
                    ' ', part.basis, 'pool', part.reference, part.origin_period, part.currency
                )
            )
    END AS weight
FROM pool_part AS part
INNER JOIN standing_weight AS claimed
    ON part.model_id = claimed.model_id AND part.version = claimed.version
INNER JOIN manifest
    ON claimed.model_id = manifest.model_id AND claimed.version = manifest.version
WHERE part.reason IS NULL
UNION ALL
SELECT part_id, claimant, weight FROM attributed_claim
