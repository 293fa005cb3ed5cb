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
    seal.closed_at
FROM close_input
CROSS JOIN seal
CROSS JOIN warehouse.head AS head
