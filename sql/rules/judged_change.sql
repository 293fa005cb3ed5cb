-- A change with what becomes of it: a line of a statement, or held (SPEC §6).
-- Grain: one row per change.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
-- stated_micros DECIMAL(38, 0): what earlier statements carry, in micros
-- credited_micros DECIMAL(38, 0): what they credited for it, in micros of the currency that the
--   account has now
-- entitled_micros DECIMAL(38, 0): the entitlement now, in micros
-- delta_micros DECIMAL(38, 0): the difference, in micros
-- statement_currency VARCHAR: currency of the contributor's statement; null where not registered
-- fx_base VARCHAR: base of the rates that convert it; null where none do
-- fx_on DATE: date of those rates
-- fx_from_rate VARCHAR: rate of the line's currency
-- fx_to_rate VARCHAR: rate of the statement's currency
-- from_rate_e10 BIGINT: rate of the line's currency, in 10^-10
-- to_rate_e10 BIGINT: rate of the statement's currency, in 10^-10
-- reason VARCHAR: why it is held; null where it becomes a line
SELECT
    change.*,
    registered.currency AS statement_currency,
    fx.base AS fx_base,
    fx.rate_on AS fx_on,
    fx.from_rate AS fx_from_rate,
    fx.to_rate AS fx_to_rate,
    fx.from_rate_e10,
    fx.to_rate_e10,
    CASE
        WHEN registered.contributor_id IS NULL THEN 'contributor_not_registered'
        WHEN
            change.delta_micros > 0 AND change.currency != registered.currency AND fx.base IS NULL
            THEN 'no_fx_rate'
    END AS reason
FROM change
LEFT JOIN registered ON change.contributor_id = registered.contributor_id
LEFT JOIN fx
    ON
        change.delta_micros > 0
        AND change.currency = fx.from_currency
        AND registered.currency = fx.to_currency
