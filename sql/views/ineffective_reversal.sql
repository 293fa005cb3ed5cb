-- A reversal without effect: of an unknown event, of a reversal, or of a close (SPEC §5).
-- Grain: one row per `event-reversed` event of the log that has no effect.
--
-- seq BIGINT: position of the reversal in the log
-- source VARCHAR: the reversal's source
-- id VARCHAR: the reversal's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- reversed_source VARCHAR: source of the event that it names
-- reversed_id VARCHAR: id of the event that it names
-- reversed_type VARCHAR: type of the event that it names; null where the log has no such event
-- reason VARCHAR: why it was sent
SELECT
    reversal.seq,
    reversal.source,
    reversal.id,
    reversal.occurred_at,
    reversal.reversed_source,
    reversal.reversed_id,
    event.type AS reversed_type,
    reversal.reason
FROM event_reversed AS reversal
LEFT JOIN event
    ON reversal.reversed_source = event.source AND reversal.reversed_id = event.id
WHERE event.type IS NULL OR event.type IN ('event-reversed', 'period-closed')
