-- Which images have a claim to a customer's part of a pool, and what it weighs, where the part
-- follows the customer's own attributions, every generation counting alike: a rule for a
-- simulation.
-- Grain: one row per customer's part and attributed image, and one per part for the manifest.
--
-- part_id BIGINT: the customer's part
-- claimant VARCHAR: the image; null for what the attributions leave to the manifest
-- weight HUGEINT: the sum of the shares attributed, in ppm; what it lacks to one a generation
WITH followed AS (
    SELECT
        generation.model_id,
        generation.version,
        generation.origin_period,
        generation.currency,
        sold.customer_id,
        attribution.image_id,
        sum(CAST(attribution.share_ppm AS HUGEINT)) AS weight
    FROM generation
    INNER JOIN stored.asset_generated AS sold ON generation.seq = sold.seq
    INNER JOIN in_force.attribution AS attribution ON generation.seq = attribution.seq
    WHERE generation.share_ppm IS NOT NULL AND generation.known
    GROUP BY
        generation.model_id,
        generation.version,
        generation.origin_period,
        generation.currency,
        sold.customer_id,
        attribution.image_id
),

attributed AS (
    SELECT
        part.part_id,
        followed.image_id AS claimant,
        followed.weight
    FROM followed
    INNER JOIN customer_part AS part
        ON
            followed.model_id = part.model_id
            AND followed.version = part.version
            AND followed.origin_period = part.origin_period
            AND followed.currency = part.currency
            AND followed.customer_id = part.customer_id
),

summed AS (
    SELECT
        part_id,
        sum(weight) AS weight
    FROM attributed
    GROUP BY part_id
)

SELECT
    part_id,
    claimant,
    weight
FROM attributed
UNION ALL
SELECT
    part.part_id,
    NULL AS claimant,
    CAST(part.generations AS HUGEINT) * 1000000 - coalesce(summed.weight, 0) AS weight
FROM customer_part AS part
LEFT JOIN summed ON part.part_id = summed.part_id
