-- An open dead letter that holds what the log now has: it came again, and was taken (SPEC §3.4).
-- The same is the same bytes and, in binary mode, the same attributes, wherever they came from.
-- Grain: one row per dead letter that the batch resolves.
--
-- id VARCHAR: the dead letter's
-- resolved_at TIMESTAMP: when the log takes the batch, in UTC
WITH open_letter AS (
    SELECT
        id,
        attributes,
        payload_size,
        payload_sha256
    FROM stored.dead_letter
    WHERE resolved_at IS NULL
),

-- only what is as long as an open letter is hashed, so that without one nothing is
taken AS (
    SELECT DISTINCT
        received_event.attributes,
        sha256(received_event.body) AS payload_sha256
    FROM received_event
    INNER JOIN judged_event ON received_event.position = judged_event.position
    WHERE
        judged_event.outcome IN ('accepted', 'duplicate')
        AND octet_length(received_event.body) IN (SELECT open_letter.payload_size FROM open_letter)
)

SELECT
    open_letter.id,
    batch_input.recorded_at AS resolved_at
FROM open_letter
INNER JOIN taken
    ON
        open_letter.payload_sha256 = taken.payload_sha256
        AND open_letter.attributes IS NOT DISTINCT FROM taken.attributes
CROSS JOIN batch_input
