-- The digest of a block of 4,096 events, with which the log is sealed (SPEC §6, Seal): as stored
-- where an earlier close read the block whole, else of its events, one span after the other.
-- Grain: one row per block; the last one goes up to the close's position.
--
-- block BIGINT: number of the block, from 0
-- digest VARCHAR: SHA-256 over its events, in hex
SELECT
    (event.seq - 1) // 4096 AS block,
    sha256(
        string_agg(
            concat_ws(' ', event.seq, event.source, event.id, event.content_sha256) || chr(10),
            '' ORDER BY event.seq
        )
    ) AS digest
FROM stored.event AS event
WHERE
    event.seq <= (SELECT close_input.log_seq FROM close_input)
    AND event.seq >= (SELECT block_span.first_seq FROM block_span)
    AND event.seq <= (SELECT block_span.last_seq FROM block_span)
GROUP BY block
