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
-- resolved_at TIMESTAMP: when the log had the same bytes after all, in UTC; null while it is open
WITH late AS (
    SELECT
        received_event.processor,
        CASE judged_event.outcome
            WHEN 'conflict' THEN 'id_conflict' ELSE received_event.fault_reason
        END AS reason,
        CASE judged_event.outcome WHEN 'conflict' THEN '' ELSE 'data.manifest' END AS path,
        CASE judged_event.outcome
            WHEN 'conflict'
                THEN
                    'its content is ' || received_event.content_sha256
                    || ', but the log has ' || judged_event.standing_sha256
                    || ' for this source and id'
            ELSE received_event.fault_message
        END AS message,
        received_event.origin,
        received_event.origin_item,
        received_event.attributes,
        CASE
            WHEN octet_length(received_event.body) > batch_input.kept_bytes
                THEN unhex(left(hex(received_event.body), 2 * batch_input.kept_bytes))
            ELSE received_event.body
        END AS payload,
        octet_length(received_event.body) AS payload_size,
        sha256(received_event.body) AS payload_sha256
    FROM received_event
    INNER JOIN judged_event ON received_event.position = judged_event.position
    CROSS JOIN batch_input
    WHERE judged_event.outcome IN ('conflict', 'rejected')
),

refusal AS (
    SELECT * FROM late
    UNION ALL
    SELECT
        processor, reason, path, message, origin, origin_item, attributes, payload, payload_size,
        payload_sha256
    FROM received_refusal
),

identified AS (
    SELECT
        *,
        sha256(origin || chr(10) || origin_item || chr(10) || payload_sha256) AS id
    FROM refusal
)

SELECT
    identified.id,
    batch_input.batch_id,
    batch_input.recorded_at AS received_at,
    identified.processor,
    identified.reason,
    identified.path,
    identified.message,
    identified.origin,
    identified.origin_item,
    identified.attributes,
    identified.payload,
    identified.payload_size,
    identified.payload_sha256,
    CAST(NULL AS TIMESTAMP) AS resolved_at
FROM identified
CROSS JOIN batch_input
WHERE (identified.id, identified.reason) NOT IN (
    SELECT (dead_letter.id, dead_letter.reason) FROM stored.dead_letter AS dead_letter
)
QUALIFY row_number() OVER (PARTITION BY identified.id) = 1
