-- A model version whose pools may be shared otherwise than at the close before: its manifest or its
-- declaration changed, or that of a version that it builds on, over any number of steps.
-- Grain: one row per model version.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
WITH RECURSIVE reaching AS (
    SELECT model_id, version
    FROM touched_manifest
    UNION
    SELECT trained.model_id, trained.version
    FROM reaching
    INNER JOIN stored.base_model AS base
        ON reaching.model_id = base.base_model_id AND reaching.version = base.base_version
    INNER JOIN stored.model_trained AS trained ON base.seq = trained.seq
)

SELECT
    model_id,
    version,
    model_id || '@' || version AS reference
FROM reaching
