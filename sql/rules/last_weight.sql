-- What a claimant weighed in a manifest at the close before (SPEC §6, Stored position).
-- Grain: one row per model version and contributor, and one per version for its unlicensed images.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight DECIMAL(38, 0): sum of weight times share, in 10^-9, above 0
WITH latest AS (
    SELECT
        model_id,
        version,
        max(period) AS period
    FROM earlier.manifest_weight
    GROUP BY model_id, version
)

SELECT
    kept.model_id,
    kept.version,
    kept.contributor_id,
    kept.weight
FROM earlier.manifest_weight AS kept
INNER JOIN latest
    ON
        kept.period = latest.period
        AND kept.model_id = latest.model_id
        AND kept.version = latest.version
WHERE kept.weight != 0
