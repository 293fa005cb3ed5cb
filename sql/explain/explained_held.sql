-- What is held of what is asked for, as it stands at the last close (SPEC §6, Stored position): of
-- a contributor by name, of a model version, or of an image's direct licences.
-- Grain: one row per reason, basis, reference, contributor, origin period and currency.
--
-- reason VARCHAR: why it is held
-- basis VARCHAR: `direct`, `training`, `generation`, `advance`, `carried` or `reserve`
-- reference VARCHAR: image, model version, advance or contributor
-- contributor_id VARCHAR: whose it is, where the reason names one; else null
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what is held, in micros, never 0
SELECT
    held.reason,
    held.basis,
    held.reference,
    held.contributor_id,
    held.origin_period,
    held.currency,
    held.amount_micros
FROM warehouse.standing_held AS held
INNER JOIN explain_input AS asked
    ON
        held.contributor_id
        IS NOT DISTINCT FROM coalesce(asked.contributor_id, held.contributor_id)
        AND held.reference = coalesce(asked.reference, held.reference)
        AND held.basis = coalesce(asked.basis, held.basis)
