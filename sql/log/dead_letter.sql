-- Something received that the log didn't take, kept so that it can be looked at and replayed.
-- Grain: one row per origin, origin item and payload, however often it was sent.
--
-- id VARCHAR: SHA-256 of the UTF-8 of origin, LF, origin_item, LF and payload_sha256
-- batch_id VARCHAR: the batch of `ingest_batch` that it was first refused in for this reason
-- received_at TIMESTAMP: when it was first refused for this reason, in UTC
-- processor VARCHAR: what refused it, with its version
-- reason VARCHAR: why, as a word of SPEC §3.4
-- path VARCHAR: where in the event, as a dotted path; empty where it is the whole
-- message VARCHAR: what is wrong there
-- origin VARCHAR: the file, `-` for standard input, or the subscription
-- origin_item VARCHAR: the line in the file, from 1, or the message's id
-- attributes VARCHAR: JSON of the attributes of binary mode; null in structured mode
-- payload BLOB: the bytes received, of larger ones the first 64 KiB
-- payload_size BIGINT: bytes received
-- payload_sha256 VARCHAR: SHA-256 of all bytes received
-- resolved_at TIMESTAMP: when the log had the same bytes after all, in UTC; else null
-- attempts BIGINT: how often it was replayed
-- dismissed_at TIMESTAMP: when somebody said that it won't be mended, in UTC; else null
-- note VARCHAR: why it was dismissed; null where it wasn't
WITH known AS (
    SELECT
        id,
        batch_id,
        received_at,
        reason,
        resolved_at,
        attempts,
        dismissed_at,
        note
    FROM stored.dead_letter
)

SELECT
    refusal.id,
    CASE
        WHEN refusal.reason = known.reason THEN known.batch_id ELSE batch_input.batch_id
    END AS batch_id,
    CASE
        WHEN refusal.reason = known.reason THEN known.received_at ELSE batch_input.recorded_at
    END AS received_at,
    refusal.processor,
    refusal.reason,
    refusal.path,
    refusal.message,
    refusal.origin,
    refusal.origin_item,
    refusal.attributes,
    refusal.payload,
    refusal.payload_size,
    refusal.payload_sha256,
    CASE WHEN refusal.reason = known.reason THEN known.resolved_at END AS resolved_at,
    coalesce(known.attempts, 0)
    + CASE WHEN batch_input.origin IS NULL THEN 0 ELSE 1 END AS attempts,
    known.dismissed_at,
    known.note
FROM refusal
CROSS JOIN batch_input
LEFT JOIN known ON refusal.id = known.id
-- what is sent again and refused for the same reason changes nothing; a replay is counted
WHERE batch_input.origin IS NOT NULL OR refusal.reason IS DISTINCT FROM known.reason
QUALIFY row_number() OVER (PARTITION BY refusal.id) = 1
