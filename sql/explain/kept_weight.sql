-- What a claimant weighs in a manifest that a part of the line's pool comes to, as it was kept by
-- the close that issued the line, or by one before it.
-- Grain: one row per model version and contributor, and one per version for its unlicensed images.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight DECIMAL(38, 0): sum of weight times share, in 10^-9, above 0
WITH used AS (
    SELECT DISTINCT
        part_model_id AS model_id,
        part_version AS version
    FROM lineage_part
),

kept AS (
    SELECT weight.*
    FROM stored.manifest_weight AS weight
    INNER JOIN used ON weight.model_id = used.model_id AND weight.version = used.version
    CROSS JOIN close_input
    WHERE weight.period <= close_input.period
),

latest AS (
    SELECT
        model_id,
        version,
        max(period) AS period
    FROM kept
    GROUP BY model_id, version
)

SELECT
    kept.model_id,
    kept.version,
    kept.contributor_id,
    kept.weight
FROM kept
INNER JOIN latest
    ON
        kept.period = latest.period
        AND kept.model_id = latest.model_id
        AND kept.version = latest.version
WHERE kept.weight != 0
