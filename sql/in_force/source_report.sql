-- A report of a source that counts (SPEC §5, Reversal).
-- Grain: one row per `source-reported` event in force.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- reported_source VARCHAR: the source that the report is of
-- reported_from TIMESTAMP: the first instant that it covers, in UTC
-- reported_until TIMESTAMP: the first instant that it doesn't cover any more, in UTC
-- counts STRUCT(type VARCHAR, events BIGINT)[]: how many events were sent, by type; a type that
--   isn't there has none
-- amounts STRUCT(currency VARCHAR, amount_micros BIGINT)[]: the sum of their fees, training fees
--   and revenues, in micros, by currency; a currency that isn't there has none
SELECT
    seq,
    source,
    id,
    occurred_at,
    reported_source,
    reported_from,
    reported_until,
    counts,
    amounts
FROM stored.source_report
WHERE counts(seq)
