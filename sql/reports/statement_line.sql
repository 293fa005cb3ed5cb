-- A line of a statement as it leaves the warehouse: its statement, whose it is, and the fields of
-- SPEC §7.2.
-- Grain: one row per line of the close's statements, ordered by contributor_id and line.
--
-- statement_id VARCHAR: the statement, `period/contributor_id`
-- contributor_id VARCHAR: who it is for
-- amount DECIMAL(38, 6): the delta in the statement's currency
-- basis VARCHAR: `direct`, `training` or `generation`
-- corrected DECIMAL(38, 6): the entitlement now, in `currency`
-- currency VARCHAR: currency of the events
-- delta DECIMAL(38, 6): corrected less original, in `currency`
-- fx_base VARCHAR: base of the rates that converted the delta; null where none did
-- fx_date DATE: date of those rates
-- fx_from_rate VARCHAR: rate of the line's currency, in canonical form
-- fx_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- fx_credited DECIMAL(38, 6): credited before, where a conversion is taken back; else null
-- kind VARCHAR: `royalty` or `adjustment`
-- origin_period VARCHAR: period that the events occurred in
-- original DECIMAL(38, 6): what earlier statements carry, in `currency`
-- reference VARCHAR: image of a direct line, model version of a pool's
SELECT
    statement_id,
    contributor_id,
    amount_micros * 0.000001 AS amount,
    basis,
    corrected_micros * 0.000001 AS corrected,
    currency,
    delta_micros * 0.000001 AS delta,
    fx_base,
    fx_on AS fx_date,
    fx_from_rate,
    fx_to_rate,
    fx_credited_micros * 0.000001 AS fx_credited,
    kind,
    origin_period,
    original_micros * 0.000001 AS original,
    reference
FROM exported.statement_line
WHERE period = (SELECT asked.period FROM asked)
ORDER BY contributor_id, line
