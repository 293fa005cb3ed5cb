-- The digest of a block of 4,096 events, as stored where an earlier close read the block whole
-- (SPEC §6, Seal).
-- Grain: one row per such block, without a gap: what follows one is computed again.
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
)

SELECT block, digest
FROM placed
WHERE block = place
