-- What the image earned a contributor of pools: of the part of a manifest, or by attribution
-- (SPEC §5.2). It is what `manyhands earnings` says, summed over origin periods.
-- Grain: one row per way, model version whose manifest has the image, pools' version, basis,
-- currency and contributor, with an amount.
--
-- way VARCHAR: `manifest` or `attribution`
-- manifest_of VARCHAR: the model version whose manifest has the image, `model_id@version`
-- reference VARCHAR: the model version whose pools it comes from; another one where that is built
--   on this one
-- basis VARCHAR: `training` or `generation`
-- currency VARCHAR: currency of the pools
-- contributor_id VARCHAR: whom it earned it
-- amount_micros DECIMAL(38, 0): what it earned, in micros, above 0
WITH earned AS (
    SELECT
        'manifest' AS way,
        part.model_id || '@' || part.version AS manifest_of,
        part.reference,
        part.basis,
        part.currency,
        image_part.contributor_id,
        share.amount_micros
    FROM image_share AS share
    INNER JOIN explain_input AS asked ON share.image_id = asked.reference
    INNER JOIN image_part ON share.part_id = image_part.part_id
    INNER JOIN pool_part AS part ON image_part.pool_part_id = part.part_id
    UNION ALL
    SELECT
        'attribution' AS way,
        part.reference AS manifest_of,
        part.reference,
        part.basis,
        part.currency,
        share.contributor_id,
        share.amount_micros
    FROM pool_part AS part
    INNER JOIN explain_input AS asked ON part.image_id = asked.reference
    INNER JOIN claim_share AS share ON part.part_id = share.part_id
    WHERE part.reason IS NULL
)

SELECT
    way,
    manifest_of,
    reference,
    basis,
    currency,
    contributor_id,
    CAST(sum(amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM earned
GROUP BY way, manifest_of, reference, basis, currency, contributor_id
HAVING sum(amount_micros) > 0
