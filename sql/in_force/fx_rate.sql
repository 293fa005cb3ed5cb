-- A rate that counts (SPEC §5, Reversal).
-- Grain: one row per `fx-rates-published` event in force and currency other than its base.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
-- base VARCHAR: the base currency
-- rate_on DATE: the day that the rate is of
-- currency VARCHAR: the other currency
-- rate VARCHAR: units of `currency` for one unit of `base`, as a decimal in canonical form
-- rate_e10 BIGINT: the same in 10^-10
SELECT
    seq,
    source,
    id,
    occurred_at,
    base,
    rate_on,
    currency,
    rate,
    rate_e10
FROM stored.fx_rate
WHERE counts(seq)
