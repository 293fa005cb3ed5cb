-- A model version whose claimants the close weighs: of those that count each that no close weighed
-- yet, or whose claimants may weigh something else by now (SPEC §5.2, Manifest).
-- Grain: one row per model version.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
WITH kept AS (
    SELECT DISTINCT
        model_id,
        version
    FROM earlier.manifest_weight
),

weighable AS (
    SELECT model_id, version
    FROM model_version
    UNION
    SELECT model_id, version
    FROM kept
)

SELECT
    weighable.model_id,
    weighable.version
FROM weighable
CROSS JOIN close_input
LEFT JOIN kept ON weighable.model_id = kept.model_id AND weighable.version = kept.version
LEFT JOIN touched_manifest AS changed
    ON weighable.model_id = changed.model_id AND weighable.version = changed.version
WHERE close_input.known_seq = 0 OR kept.model_id IS NULL OR changed.model_id IS NOT NULL
