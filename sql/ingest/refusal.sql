-- What a batch refuses: what a step of the pipeline did, and what the commit does (SPEC §3.4).
-- Grain: one row per refusal of the batch.
--
-- position BIGINT: order in the batch
-- id VARCHAR: of its dead letter
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
WITH late AS (
    SELECT
        received_event.position,
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

found AS (
    SELECT * FROM late
    UNION ALL
    SELECT
        position, processor, reason, path, message, origin, origin_item, attributes, payload,
        payload_size, payload_sha256
    FROM received_refusal
)

SELECT
    *,
    letter_id(origin, origin_item, payload_sha256) AS id
FROM found
