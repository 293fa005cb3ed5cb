-- A period closed: its position in the log and its seals (SPEC §6, Commit and Seal).
-- Grain: one row per closed period.
--
-- period VARCHAR: the period
-- starts_at TIMESTAMP: its first instant
-- ends_at TIMESTAMP: the first instant after it
-- log_seq BIGINT: the log position that the close read up to
-- seq BIGINT: position of its `period-closed` event in the log
-- previous_digest VARCHAR: digest of the close before, 64 zeros at the first
-- digest VARCHAR: digest of the close, over its statements
-- log_digest VARCHAR: digest of the log up to `log_seq`
-- statements BIGINT: number of statements issued
-- closed_at TIMESTAMP: when it was closed
-- tree_size BIGINT: leaves of the Merkle tree over all closes, this one included (docs/proof.md)
-- tree_root VARCHAR: the tree's root, in hex
-- checkpoint VARCHAR: signed note of the tree's origin, size and root; null where no key was
--   configured
-- verifier_key VARCHAR: the key that the checkpoint was signed by, as it verifies; null where none
--   was configured
SELECT
    close_input.period,
    close_input.starts_at,
    close_input.ends_at,
    close_input.log_seq,
    head.seq,
    seal.previous_digest,
    seal.digest,
    seal.log_digest,
    (SELECT count(*) FROM statement) AS statements,
    seal.closed_at,
    seal.tree_size,
    seal.tree_root,
    seal.checkpoint,
    seal.verifier_key
FROM close_input
CROSS JOIN seal
CROSS JOIN warehouse.head AS head
