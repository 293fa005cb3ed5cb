-- A reversal: from it on, the event that it names counts for nothing (SPEC §5).
-- Grain: one row per `event-reversed` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- reversed_source VARCHAR: source of the event that it reverses
-- reversed_id VARCHAR: id of the event that it reverses
-- reason VARCHAR: why
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"reversed": {"source": "VARCHAR", "id": "VARCHAR"}, "reason": "VARCHAR"}}'
        ).data AS data
    FROM event
    WHERE type = 'event-reversed'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.reversed.source AS reversed_source,
    data.reversed.id AS reversed_id,
    data.reason
FROM opened
