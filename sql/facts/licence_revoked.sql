-- A licence that ended early, as its event declared it.
-- Grain: one row per `licence-revoked` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- licence_id VARCHAR: the licence
-- effective_at TIMESTAMP: from when it licenses no further training, in UTC
-- reason VARCHAR: why
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"licence_id": "VARCHAR", "effective_at": "VARCHAR", "reason": "VARCHAR"}}'
        ).data AS data
    FROM event
    WHERE type = 'licence-revoked'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.licence_id,
    instant(data.effective_at) AS effective_at,
    data.reason
FROM opened
