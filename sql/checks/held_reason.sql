-- Each held part has a reason of SPEC §5 and §6, and names a contributor just where that does.
-- Grain: one row per held part that doesn't.
--
-- reason VARCHAR: why it is held
-- basis VARCHAR: where the money came from, one that the reason can have
-- reference VARCHAR: what it is about
-- contributor_id VARCHAR: whose it is
-- origin_period VARCHAR: not after the period closed
-- currency VARCHAR: of the amount
-- amount_micros DECIMAL(38,0): never 0; below only where it takes back or was overpaid
WITH permitted (reason, basis, names_contributor, may_be_negative) AS (
    VALUES
    ('licence_redeclared', 'direct', false, false),
    ('model_version_redeclared', 'training', false, false),
    ('advance_redeclared', 'advance', true, false),
    ('no_terms', 'direct', true, false),
    ('no_terms', 'training', false, false),
    ('no_terms', 'generation', false, false),
    ('unknown_model', 'training', false, false),
    ('unknown_model', 'generation', false, false),
    ('lineage_unresolved', 'training', false, false),
    ('lineage_unresolved', 'generation', false, false),
    ('unlicensed_image', 'training', false, false),
    ('unlicensed_image', 'generation', false, false),
    ('image_not_in_manifest', 'generation', false, false),
    ('no_fx_rate', 'direct', true, false),
    ('no_fx_rate', 'training', true, false),
    ('no_fx_rate', 'generation', true, false),
    ('contributor_not_registered', 'direct', true, true),
    ('contributor_not_registered', 'training', true, true),
    ('contributor_not_registered', 'generation', true, true),
    ('contributor_not_registered', 'advance', true, true),
    ('contributor_not_registered', 'carried', true, true),
    ('contributor_not_registered', 'reserve', true, true),
    ('advance_currency', 'advance', true, false)
)

SELECT
    held.reason,
    held.basis,
    held.reference,
    held.contributor_id,
    held.origin_period,
    held.currency,
    held.amount_micros
FROM held
CROSS JOIN close_input
LEFT JOIN permitted ON held.reason = permitted.reason AND held.basis = permitted.basis
WHERE
    permitted.reason IS NULL
    OR permitted.names_contributor != (held.contributor_id IS NOT NULL)
    OR coalesce(held.amount_micros, 0) = 0
    OR (held.amount_micros < 0 AND NOT permitted.may_be_negative)
    OR held.origin_period > close_input.period
