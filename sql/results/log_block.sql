-- The digest of a full block of 4,096 events of the log, so that no later close computes it again
-- (SPEC §6, Seal). The first close that read the block whole stored it.
-- Grain: one row per full block up to the last close's position.
--
-- block BIGINT: number of the block, from 0: of the events with `seq` from 4096 * block + 1
-- digest VARCHAR: SHA-256 over its events, in hex
SELECT
    block_digest.block,
    block_digest.digest
FROM block_digest
CROSS JOIN close_input
WHERE
    (block_digest.block + 1) * 4096 <= close_input.log_seq
    AND block_digest.block NOT IN (SELECT log_block.block FROM stored.log_block AS log_block)
