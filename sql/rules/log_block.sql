-- The digest of a block of 4,096 events, with which the log is sealed (SPEC §6, Seal).
-- Grain: one row per block; the last one goes up to the close's position.
--
-- block BIGINT: number of the block, from 0
-- digest VARCHAR: SHA-256, in hex, of the block's events
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
WHERE event.seq <= close_input.log_seq
GROUP BY block
