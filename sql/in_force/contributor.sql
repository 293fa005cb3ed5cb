-- A registration that counts (SPEC §5, Reversal).
-- Grain: one row per `contributor-registered` event in force.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the contributor's statements
-- withholding_rate_ppm INTEGER: rate of the tax withheld, in millionths
SELECT
    seq,
    source,
    id,
    occurred_at,
    contributor_id,
    currency,
    withholding_rate_ppm
FROM stored.contributor
WHERE counts(seq)
