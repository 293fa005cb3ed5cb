-- A change that the close before held and this one doesn't compute: whether it can be stated is
-- asked again at each close (SPEC §6).
-- Grain: one row per contributor, basis, reference, origin period and currency.
--
-- contributor_id VARCHAR: the contributor
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image or model version
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
-- delta_micros DECIMAL(38, 0): what was held, in micros, never 0
SELECT contributor_id, basis, reference, origin_period, currency, amount_micros AS delta_micros
FROM last_held
WHERE
    basis IN ('direct', 'training', 'generation')
    AND reason IN ('contributor_not_registered', 'no_fx_rate')
    AND NOT touches(basis, reference, origin_period, currency)
