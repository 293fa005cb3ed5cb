-- A dead letter that holds what the log now has: it came again, and was taken (SPEC §3.4).
-- The same is the same bytes and, in binary mode, the same attributes, wherever they came from.
-- Grain: one row per dead letter that the batch resolves.
--
-- id VARCHAR: the dead letter's
-- resolved_at TIMESTAMP: when the log takes the batch, in UTC
-- attempts BIGINT: how often it was replayed by then
WITH unresolved_letter AS (
    SELECT
        id,
        attributes,
        payload_size,
        payload_sha256,
        attempts
    FROM stored.dead_letter
    WHERE resolved_at IS NULL
),

-- only what is as long as such a letter is hashed, so that without one nothing is
taken AS (
    SELECT
        received_event.origin,
        received_event.origin_item,
        received_event.attributes,
        sha256(received_event.body) AS payload_sha256
    FROM received_event
    INNER JOIN judged_event ON received_event.position = judged_event.position
    WHERE
        judged_event.outcome IN ('accepted', 'duplicate')
        AND octet_length(received_event.body) IN (
            SELECT unresolved_letter.payload_size FROM unresolved_letter
        )
),

content AS (
    SELECT DISTINCT
        attributes,
        payload_sha256
    FROM taken
),

replayed AS (
    SELECT letter_id(taken.origin, taken.origin_item, taken.payload_sha256) AS id
    FROM taken
    CROSS JOIN batch_input
    WHERE batch_input.origin IS NOT NULL
)

SELECT
    unresolved_letter.id,
    batch_input.recorded_at AS resolved_at,
    unresolved_letter.attempts
    + CASE
        WHEN unresolved_letter.id IN (SELECT replayed.id FROM replayed) THEN 1 ELSE 0
    END AS attempts
FROM unresolved_letter
INNER JOIN content
    ON
        unresolved_letter.payload_sha256 = content.payload_sha256
        AND unresolved_letter.attributes IS NOT DISTINCT FROM content.attributes
CROSS JOIN batch_input
