-- What a close computes anew: whose events occurred in its period, or are owed for otherwise than
-- at the close before. All else stands as that close found it (SPEC §6, Stored position).
-- It may have more than what differs, and never less.
-- Grain: one row per basis, reference, origin period and currency.
--
-- basis VARCHAR: `direct`, `training` or `generation`
-- reference VARCHAR: image of what is direct, model version of a pool
-- origin_period VARCHAR: period that the events occurred in
-- currency VARCHAR: currency of the events
WITH generated AS (
    SELECT asset.*
    FROM stored.asset_generated AS asset
    CROSS JOIN close_input
    WHERE asset.occurred_at >= close_input.starts_at AND asset.occurred_at < close_input.ends_at
    UNION ALL
    SELECT asset.*
    FROM stored.asset_generated AS asset
    CROSS JOIN close_input
    WHERE asset.seq > close_input.known_seq AND asset.occurred_at < close_input.starts_at
    UNION ALL
    SELECT asset.*
    FROM stored.asset_generated AS asset
    INNER JOIN reversed_since ON asset.seq = reversed_since.seq
    UNION ALL
    SELECT asset.*
    FROM stored.asset_generated AS asset
    INNER JOIN touched_term AS term
        ON
            term.field = 'generation_share'
            AND term.scope_id IN ('', asset.model_id)
            AND asset.occurred_at >= term.effective_from
            AND asset.occurred_at < term.effective_until
),

trained AS (
    SELECT training.*
    FROM stored.model_trained AS training
    CROSS JOIN close_input
    WHERE
        (
            training.occurred_at >= close_input.starts_at
            AND training.occurred_at < close_input.ends_at
        )
        OR (training.model_id, training.version) IN (
            SELECT (touched_training.model_id, touched_training.version) FROM touched_training
        )
    UNION ALL
    SELECT training.*
    FROM stored.model_trained AS training
    INNER JOIN touched_term AS term
        ON
            term.field = 'training_share'
            AND term.scope_id IN ('', training.model_id)
            AND training.occurred_at >= term.effective_from
            AND training.occurred_at < term.effective_until
),

sold AS (
    SELECT licensed.image_id, licensed.occurred_at, licensed.currency
    FROM stored.image_licensed AS licensed
    CROSS JOIN close_input
    WHERE
        licensed.occurred_at >= close_input.starts_at
        AND licensed.occurred_at < close_input.ends_at
    UNION ALL
    SELECT image_id, occurred_at, currency
    FROM touched_licence
    WHERE declared
    UNION ALL
    SELECT licensed.image_id, licensed.occurred_at, licensed.currency
    FROM stored.image_licensed AS licensed
    INNER JOIN stored.licence_contributor AS owner ON licensed.seq = owner.seq
    INNER JOIN touched_download AS counted
        ON
            owner.contributor_id = counted.contributor_id
            AND licensed.occurred_at >= counted.first_at
            AND licensed.occurred_at < counted.year_ends_at
    WHERE licensed.use = 'download'
    UNION ALL
    SELECT licensed.image_id, licensed.occurred_at, licensed.currency
    FROM stored.image_licensed AS licensed
    INNER JOIN stored.licence_contributor AS owner ON licensed.seq = owner.seq
    INNER JOIN touched_term AS term
        ON
            term.field IN ('direct_levels', 'direct_floor')
            AND term.scope_id IN ('', owner.contributor_id)
            AND licensed.occurred_at >= term.effective_from
            AND licensed.occurred_at < term.effective_until
    WHERE licensed.use = 'download'
    UNION ALL
    SELECT licensed.image_id, licensed.occurred_at, licensed.currency
    FROM stored.image_licensed AS licensed
    INNER JOIN touched_term AS term
        ON
            term.field = 'training_share'
            AND term.scope_id = ''
            AND licensed.occurred_at >= term.effective_from
            AND licensed.occurred_at < term.effective_until
    WHERE licensed.use = 'training'
),

met AS (
    SELECT
        'generation' AS basis, model_id || '@' || version AS reference,
        date_trunc('month', occurred_at) AS month_at, currency
    FROM generated
    GROUP BY ALL
    UNION
    SELECT
        'training', model_id || '@' || version,
        date_trunc('month', occurred_at), currency
    FROM trained
    UNION
    SELECT 'direct', image_id, date_trunc('month', occurred_at), currency
    FROM sold
)

SELECT
    met.basis,
    met.reference,
    period_month.period AS origin_period,
    met.currency
FROM met
INNER JOIN period_month ON period_month.first_on = CAST(met.month_at AS DATE)
UNION
SELECT pool.basis, pool.reference, pool.origin_period, pool.currency
FROM last_pool AS pool
INNER JOIN touched_version AS changed ON pool.reference = changed.reference
UNION
SELECT part.basis, part.reference, part.origin_period, part.currency
FROM last_held AS part
INNER JOIN touched_version AS changed ON part.reference = changed.reference
WHERE part.basis IN ('training', 'generation')
