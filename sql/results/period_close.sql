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
    period,
    starts_at,
    ends_at,
    log_seq,
    seq,
    previous_digest,
    digest,
    log_digest,
    statements,
    closed_at
FROM seal
