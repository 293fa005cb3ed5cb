-- Terms agreed with everybody, for a model, or with a contributor.
-- Grain: one row per `terms-agreed` event of the log.
--
-- seq BIGINT: position of the event in the log
-- source VARCHAR: the event's source
-- id VARCHAR: the event's id within its source
-- occurred_at TIMESTAMP: when it happened, in UTC
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
WITH opened AS (
    SELECT
        seq,
        source,
        id,
        occurred_at,
        from_json(
            content,
            '{"data": {"terms_id": "VARCHAR", "scope": {"kind": "VARCHAR", "id": "VARCHAR"},
                "effective_from": "VARCHAR",
                "direct_levels": [{"from": "BIGINT", "rate": "VARCHAR"}],
                "direct_floor": "MAP(VARCHAR, VARCHAR)",
                "payment_threshold": "MAP(VARCHAR, VARCHAR)",
                "training_share": "VARCHAR", "generation_share": "VARCHAR",
                "reserve_rate": "VARCHAR", "reserve_periods": "INTEGER"}}'
        ).data AS data
    FROM event
    WHERE type = 'terms-agreed'
)

SELECT
    seq,
    source,
    id,
    occurred_at,
    data.terms_id,
    data.scope.kind AS scope_kind,
    data.scope.id AS scope_id,
    instant(data.effective_from) AS effective_from,
    [
        {'from': level."from", 'rate_ppm': ppm(level.rate)} FOR level IN data.direct_levels
    ] AS direct_levels,
    [
        {'currency': floor.key, 'amount_micros': micros(floor.value)}
        FOR floor IN map_entries(data.direct_floor)
    ] AS direct_floor,
    [
        {'currency': threshold.key, 'amount_micros': micros(threshold.value)}
        FOR threshold IN map_entries(data.payment_threshold)
    ] AS payment_threshold,
    ppm(data.training_share) AS training_share_ppm,
    ppm(data.generation_share) AS generation_share_ppm,
    ppm(data.reserve_rate) AS reserve_rate_ppm,
    data.reserve_periods
FROM opened
