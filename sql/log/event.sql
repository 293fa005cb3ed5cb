-- An event of the log, as it was received and in its canonical form; never edited (SPEC §4).
-- Grain: one row per accepted event; (source, id) is its identity, for ever.
--
-- seq BIGINT: position in the log, from 1, without gaps, in the order received
-- source VARCHAR: the envelope's source, or `manyhands` for our own events
-- id VARCHAR: the envelope's id, unique within its source
-- type VARCHAR: the event's type, such as `asset-generated`
-- occurred_at TIMESTAMP: when it happened, by the envelope's time, in UTC
-- recorded_at TIMESTAMP: when the log took it, in UTC
-- batch_id VARCHAR: the batch of `ingest_batch` that brought it
-- content VARCHAR: canonical JSON of type, time and data; the facts are made from it
-- content_sha256 VARCHAR: SHA-256 of content, by which duplicates are told from conflicts
-- attributes VARCHAR: JSON of the attributes of binary mode; null in structured mode
-- body BLOB: the bytes received
SELECT
    accepted_event.seq,
    accepted_event.source,
    accepted_event.id,
    -- computed, so that a fact's filter by type isn't Arrow's, which copies all that it leaves
    concat(accepted_event.type) AS type,
    accepted_event.occurred_at,
    batch_input.recorded_at,
    batch_input.batch_id,
    accepted_event.content,
    accepted_event.content_sha256,
    accepted_event.attributes,
    accepted_event.body
FROM accepted_event
CROSS JOIN batch_input
