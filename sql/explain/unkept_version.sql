-- A model version that a part of the line's pool comes to, whose claimants no close's weights tell:
-- it stands in the place of `weighed_version`.
-- Grain: one row per model version.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
SELECT DISTINCT
    part.part_model_id AS model_id,
    part.part_version AS version
FROM lineage_part AS part
WHERE
    part.part_model_id IS NOT NULL
    AND (part.part_model_id, part.part_version) NOT IN (
        SELECT (kept_weight.model_id, kept_weight.version) FROM kept_weight
    )
