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
    ('licence_redeclared', 'direct', FALSE, FALSE),
    ('model_version_redeclared', 'training', FALSE, FALSE),
    ('advance_redeclared', 'advance', TRUE, FALSE),
    ('no_terms', 'direct', TRUE, FALSE),
    ('no_terms', 'training', FALSE, FALSE),
    ('no_terms', 'generation', FALSE, FALSE),
    ('unknown_model', 'training', FALSE, FALSE),
    ('unknown_model', 'generation', FALSE, FALSE),
    ('lineage_unresolved', 'training', FALSE, FALSE),
    ('lineage_unresolved', 'generation', FALSE, FALSE),
    ('unlicensed_image', 'training', FALSE, FALSE),
    ('unlicensed_image', 'generation', FALSE, FALSE),
    ('image_not_in_manifest', 'generation', FALSE, FALSE),
    ('no_fx_rate', 'direct', TRUE, FALSE),
    ('no_fx_rate', 'training', TRUE, FALSE),
    ('no_fx_rate', 'generation', TRUE, FALSE),
    ('contributor_not_registered', 'direct', TRUE, TRUE),
    ('contributor_not_registered', 'training', TRUE, TRUE),
    ('contributor_not_registered', 'generation', TRUE, TRUE),
    ('contributor_not_registered', 'advance', TRUE, TRUE),
    ('contributor_not_registered', 'carried', TRUE, TRUE),
    ('contributor_not_registered', 'reserve', TRUE, TRUE),
    ('advance_currency', 'advance', TRUE, FALSE)
)

SELECT
    held.reason,
    held.basis,
    held.reference,
    held.contributor_id,
    held.origin_period,
    held.currency,
    held.amount_micros
FROM standing_held AS held
CROSS JOIN close_input
LEFT JOIN permitted ON held.reason = permitted.reason AND held.basis = permitted.basis
WHERE
    permitted.reason IS NULL
    OR permitted.names_contributor != (held.contributor_id IS NOT NULL)
    OR coalesce(held.amount_micros, 0) = 0
    OR (held.amount_micros < 0 AND NOT permitted.may_be_negative)
    OR held.origin_period > close_input.period
