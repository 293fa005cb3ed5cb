-- A model version that another one was trained on top of, and its share.
-- Grain: one row per `model-trained` event and base model.
--
-- seq BIGINT: position of the event in the log
-- base_model_id VARCHAR: the base model
-- base_version VARCHAR: its version
-- share_ppm INTEGER: the base model's share, in millionths
WITH opened AS (
    SELECT
        seq,
        from_json(
            content,
            '{"data": {"base_models": [
                {"model_id": "VARCHAR", "version": "VARCHAR", "share": "VARCHAR"}]}}'
        ).data AS data
    FROM event
    WHERE type = 'model-trained'
),

base AS (
    SELECT
        seq,
        unnest(data.base_models) AS part
    FROM opened
)

SELECT
    seq,
    part.model_id AS base_model_id,
    part.version AS base_version,
    ppm(part.share) AS share_ppm
FROM base
