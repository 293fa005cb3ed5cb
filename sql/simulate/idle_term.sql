-- Terms of a simulation that can change nothing in its period, and why.
-- Grain: one row per line of the terms that can't.
--
-- id VARCHAR: the line's number among the terms, with zeros before it
-- scope_kind VARCHAR: whom they are for: platform, model or contributor
-- scope_id VARCHAR: the model or the contributor; null for the platform
-- is_later BOOLEAN: whether they begin after the period; else the log names no such model or
--   contributor
WITH known AS (
    SELECT
        'model' AS kind,
        model_id AS id
    FROM in_force.model_trained
    UNION
    SELECT
        'model',
        model_id
    FROM in_force.asset_generated
    UNION
    SELECT
        'contributor',
        contributor_id
    FROM in_force.licence_contributor
)

SELECT
    terms.id,
    terms.scope_kind,
    terms.scope_id,
    terms.effective_from >= close_input.ends_at AS is_later
FROM in_force.terms AS terms
CROSS JOIN close_input
LEFT JOIN known ON terms.scope_kind = known.kind AND terms.scope_id = known.id
WHERE
    terms.seq = 0
    AND (
        terms.effective_from >= close_input.ends_at
        OR (terms.scope_kind != 'platform' AND known.id IS NULL)
    )
