-- The digest of a block of 4,096 events, with which the log is sealed (SPEC §6, Seal): as stored
-- where an earlier close read the block whole, else of its events.
-- Grain: one row per block; the last one goes up to the close's position.
--
-- block BIGINT: number of the block, from 0
-- digest VARCHAR: SHA-256 over its events, in hex
WITH placed AS (
    SELECT
        log_block.block,
        log_block.digest,
        row_number() OVER (ORDER BY log_block.block) - 1 AS place
    FROM stored.log_block AS log_block
    CROSS JOIN close_input
    WHERE (log_block.block + 1) * 4096 <= close_input.log_seq
),

-- without a gap: what follows one is computed again
known AS (
    SELECT block, digest
    FROM placed
    WHERE block = place
)

SELECT block, digest
FROM known
UNION ALL
SELECT
    (event.seq - 1) // 4096 AS block,
    sha256(
        string_agg(
            concat_ws(' ', event.seq, event.source, event.id, event.content_sha256) || chr(10),
            '' ORDER BY event.seq
        )
    ) AS digest
FROM stored.event AS event
CROSS JOIN close_input
WHERE
    event.seq <= close_input.log_seq
    AND event.seq > (SELECT coalesce(max(known.block) + 1, 0) * 4096 FROM known)
GROUP BY block
