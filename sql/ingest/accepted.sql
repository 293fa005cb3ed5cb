-- An event that the log takes, with its position (SPEC §4).
-- Grain: one row per accepted event of the batch.
--
-- seq BIGINT: position in the log
-- source VARCHAR: the envelope's source
-- id VARCHAR: the envelope's id
-- type VARCHAR: the event's type
-- occurred_at TIMESTAMP: when it happened, in UTC
-- recorded_at TIMESTAMP: when the log takes it, in UTC
-- batch_id VARCHAR: the batch
-- content VARCHAR: canonical JSON of type, time and data
-- content_sha256 VARCHAR: SHA-256 of content
-- attributes VARCHAR: JSON of the attributes of binary mode; null in structured mode
-- body BLOB: the bytes received
WITH numbered AS (
    SELECT
        position,
        row_number() OVER (ORDER BY position) AS number
    FROM judged_event
    WHERE outcome = 'accepted'
)

SELECT
    batch_input.head + numbered.number AS seq,
    received_event.source,
    received_event.id,
    received_event.type,
    received_event.occurred_at,
    batch_input.recorded_at,
    batch_input.batch_id,
    received_event.content,
    received_event.content_sha256,
    received_event.attributes,
    received_event.body
FROM numbered
INNER JOIN received_event ON numbered.position = received_event.position
CROSS JOIN batch_input
