-- What a claimant weighs in a manifest that a part of the line's pool comes to: as it was kept,
-- else as it is computed. It stands in the place of `standing_weight`.
-- Grain: one row per such model version and contributor, and one per version for its unlicensed
--   images.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight HUGEINT: sum of weight times share, in 10^-9
SELECT model_id, version, contributor_id, CAST(weight AS HUGEINT) AS weight
FROM computed_weight
UNION ALL
SELECT model_id, version, contributor_id, CAST(weight AS HUGEINT)
FROM kept_weight
