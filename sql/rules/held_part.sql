-- A part that is owed but not payable, with its reason, before it is summed, where the close
-- computes it (SPEC §5, §6).
-- Grain: one row per source of a held amount.
--
-- reason VARCHAR: why it is held
-- basis VARCHAR: `direct`, `training`, `generation`, `advance`, `carried` or `reserve`
-- reference VARCHAR: image, model version, advance or contributor
-- contributor_id VARCHAR: whose it is, where the reason names one; else null
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the amount
-- amount_micros DECIMAL(38, 0): what is held, in micros
SELECT
    'licence_redeclared' AS reason,
    'direct' AS basis,
    image_id AS reference,
    NULL AS contributor_id,
    origin_period,
    currency,
    CAST(fee_micros AS HUGEINT) AS amount_micros
FROM licence
WHERE
    redeclared
    AND origin_period IS NOT NULL
    AND touches('direct', image_id, origin_period, currency)
UNION ALL
SELECT 'no_terms', 'direct', image_id, contributor_id, origin_period, currency, amount_micros
FROM direct_share
WHERE no_terms
UNION ALL
SELECT
    'model_version_redeclared', 'training', reference, NULL, origin_period, currency,
    training_fee_micros
FROM model_version
WHERE
    redeclared
    AND origin_period IS NOT NULL
    AND touches('training', reference, origin_period, currency)
UNION ALL
SELECT 'no_terms', 'training', reference, NULL, origin_period, currency, training_fee_micros
FROM training
WHERE share_ppm IS NULL
UNION ALL
SELECT
    'no_terms', 'generation', reference, NULL, origin_period, currency,
    sum(revenue_micros)
FROM generation_total
WHERE share_ppm IS NULL
GROUP BY reference, origin_period, currency
UNION ALL
SELECT
    'unknown_model', 'generation', reference, NULL, origin_period, currency,
    floor_div(sum(revenue_micros * share_ppm), 1000000)
FROM generation_total
WHERE share_ppm IS NOT NULL AND NOT known
GROUP BY reference, origin_period, currency
UNION ALL
SELECT reason, basis, reference, NULL, origin_period, currency, amount_micros
FROM pool_part
WHERE reason IS NOT NULL
UNION ALL
SELECT
    'unlicensed_image', part.basis, part.reference, NULL, part.origin_period, part.currency,
    share.amount_micros
FROM claim_share AS share
INNER JOIN pool_part AS part ON share.part_id = part.part_id
WHERE share.contributor_id IS NULL
UNION ALL
SELECT reason, basis, reference, contributor_id, origin_period, currency, delta_micros
FROM judged_change
WHERE reason IS NOT NULL
UNION ALL
SELECT
    'advance_redeclared', 'advance', advance_id, contributor_id, origin_period, currency,
    amount_micros
FROM advance_in_force
WHERE redeclared
UNION ALL
SELECT
    'advance_currency', 'advance', advance.advance_id, advance.contributor_id,
    advance.origin_period, advance.currency, advance.amount_micros
FROM advance_turn AS advance
INNER JOIN registered ON advance.contributor_id = registered.contributor_id
WHERE advance.turn IS NULL
UNION ALL
SELECT
    'contributor_not_registered', unpaid.basis, unpaid.contributor_id, unpaid.contributor_id,
    close_input.period, unpaid.currency, unpaid.amount_micros
FROM unpaid
CROSS JOIN close_input
