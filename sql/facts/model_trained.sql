-- A model version and what it was trained for, as its event declared it.
-- Grain: one row per `model-trained` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- developer_id VARCHAR: who trained it, the licensee of its images
-- currency VARCHAR: currency of the training fee
-- training_fee_micros BIGINT: fee of the training, in micros of `currency`
-- manifest_sha256 VARCHAR: the manifest in `manifest_entry`: SHA-256 of its file, or of the
--   event's content where the event holds it
-- manifest_uri VARCHAR: where the manifest's file was; null where the event holds the manifest
-- manifest_rows BIGINT: images in the manifest
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        content_sha256,
        from_json(
            content,
            '{"data": {"model_id": "VARCHAR", "version": "VARCHAR", "developer_id": "VARCHAR",
                "training_fee": {"amount": "VARCHAR", "currency": "VARCHAR"},
                "manifest": "JSON"}}'
        ).data AS data
    FROM event
    WHERE type = 'model-trained'
),

located AS (
    SELECT
        *,
        from_json(
            CASE WHEN json_type(data.manifest) = 'OBJECT' THEN data.manifest END,
            '{"uri": "VARCHAR", "sha256": "VARCHAR", "rows": "BIGINT"}'
        ) AS file
    FROM opened
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.model_id,
    data.version,
    data.developer_id,
    data.training_fee.currency,
    micros(data.training_fee.amount) AS training_fee_micros,
    coalesce(file.sha256, content_sha256) AS manifest_sha256,
    file.uri AS manifest_uri,
    coalesce(file.rows, json_array_length(data.manifest)::BIGINT) AS manifest_rows
FROM located
