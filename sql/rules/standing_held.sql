-- What is owed but not payable yet, with the reason (SPEC §6): as the close computes it, else as
-- the close before found it. It is never given to somebody else.
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
    held_part.reason,
    held_part.basis,
    held_part.reference,
    held_part.contributor_id,
    held_part.origin_period,
    held_part.currency,
    CAST(sum(held_part.amount_micros) AS DECIMAL(38, 0)) AS amount_micros
FROM held_part
GROUP BY
    held_part.reason,
    held_part.basis,
    held_part.reference,
    held_part.contributor_id,
    held_part.origin_period,
    held_part.currency
HAVING sum(held_part.amount_micros) != 0
UNION ALL
SELECT reason, basis, reference, contributor_id, origin_period, currency, amount_micros
FROM last_held
WHERE
    basis IN ('direct', 'training', 'generation')
    AND reason NOT IN ('contributor_not_registered', 'no_fx_rate')
    AND NOT touches(basis, reference, origin_period, currency)
