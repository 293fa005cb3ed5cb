-- What a generation pool owes for one image by the attributions of each of its customers: it stands
-- in the place of `attributed_image` in a simulation. What is left goes to the manifest.
-- Grain: one row per generation pool and attributed image.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: origin period of the pool
-- currency VARCHAR: currency of the pool
-- image_id VARCHAR: the attributed image
-- amount_micros HUGEINT: what the image gets, in micros, above 0
SELECT
    part.model_id,
    part.version,
    part.reference,
    part.origin_period,
    part.currency,
    share.claimant AS image_id,
    sum(share.amount_micros) AS amount_micros
FROM split_claims('customer_claim') AS share
INNER JOIN customer_part AS part ON share.part_id = part.part_id
WHERE share.claimant IS NOT NULL
GROUP BY
    part.model_id,
    part.version,
    part.reference,
    part.origin_period,
    part.currency,
    share.claimant
HAVING sum(share.amount_micros) > 0
