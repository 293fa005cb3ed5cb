-- Terms that count (SPEC §5, Reversal).
-- Grain: one row per `terms-agreed` event in force.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- terms_id VARCHAR: the terms
-- scope_kind VARCHAR: whom they are for: platform, model or contributor
-- scope_id VARCHAR: the model or the contributor; null for the platform
-- effective_from TIMESTAMP: from when they hold, in UTC
-- direct_levels STRUCT("from" BIGINT, rate_ppm INTEGER)[]: rates of direct royalties, in
--   millionths, each for the licences of a year beyond `from`; null where not carried
-- direct_floor STRUCT(currency VARCHAR, amount_micros BIGINT)[]: least royalty of a licence, in
--   micros, by currency; null where not carried
-- payment_threshold STRUCT(currency VARCHAR, amount_micros BIGINT)[]: least amount that is paid,
--   in micros, by currency; null where not carried
-- training_share_ppm INTEGER: share of training fees, in millionths; null where not carried
-- generation_share_ppm INTEGER: share of generations' revenue, in millionths; null where not
--   carried
-- reserve_rate_ppm INTEGER: rate of the reserve, in millionths; null where not carried
-- reserve_periods INTEGER: periods that a reserve is kept for; null where not carried
SELECT
    seq,
    source,
    id,
    terms_id,
    scope_kind,
    scope_id,
    effective_from,
    direct_levels,
    direct_floor,
    payment_threshold,
    training_share_ppm,
    generation_share_ppm,
    reserve_rate_ppm,
    reserve_periods
FROM stored.terms
WHERE counts(seq)
