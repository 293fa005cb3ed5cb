-- An event that can have changed the line's entitlement since the key was last stated: of what the
-- key depends on, whether it counts or not (SPEC §5).
-- Grain: one row per event after `since_seq`, up to the close's position.
--
-- seq BIGINT: position in the log
-- type VARCHAR: the event's type
WITH RECURSIVE lineage AS (
    SELECT trained.model_id, trained.version
    FROM stored.model_trained AS trained
    INNER JOIN explain_input AS asked
        ON trained.model_id || '@' || trained.version = asked.reference AND asked.basis != 'direct'
    UNION
    SELECT base.base_model_id, base.base_version
    FROM lineage
    INNER JOIN stored.model_trained AS trained
        ON lineage.model_id = trained.model_id AND lineage.version = trained.version
    INNER JOIN stored.base_model AS base ON trained.seq = base.seq
),

trained AS (
    SELECT trained.*
    FROM stored.model_trained AS trained
    INNER JOIN lineage
        ON trained.model_id = lineage.model_id AND trained.version = lineage.version
),

origin_month AS (
    SELECT period_month.first_on
    FROM period_month
    INNER JOIN explain_input AS asked ON period_month.period = asked.origin_period
),

-- a download counts for all later ones of its year
own_licence AS (
    SELECT licensed.seq, licensed.licence_id
    FROM stored.image_licensed AS licensed
    INNER JOIN stored.licence_contributor AS owner ON licensed.seq = owner.seq
    INNER JOIN explain_input AS asked
        ON asked.basis = 'direct' AND owner.contributor_id = asked.contributor_id
    WHERE
        (licensed.use = 'download' OR licensed.image_id = asked.reference)
        AND date_trunc('year', licensed.occurred_at) IN (
            SELECT date_trunc('year', origin_month.first_on) FROM origin_month
        )
    UNION
    SELECT licensed.seq, licensed.licence_id
    FROM stored.image_licensed AS licensed
    INNER JOIN trained ON licensed.licensee_id = trained.developer_id
    INNER JOIN stored.manifest_entry AS entry
        ON
            trained.manifest_sha256 = entry.manifest_sha256
            AND licensed.image_id = entry.image_id
    WHERE licensed.use = 'training'
),

depended_on AS (
    SELECT seq, source, id FROM trained
    UNION
    SELECT licensed.seq, licensed.source, licensed.id
    FROM stored.image_licensed AS licensed
    WHERE licensed.licence_id IN (SELECT own_licence.licence_id FROM own_licence)
    UNION
    SELECT revoked.seq, revoked.source, revoked.id
    FROM stored.licence_revoked AS revoked
    CROSS JOIN explain_input AS asked
    WHERE
        asked.basis != 'direct'
        AND revoked.licence_id IN (SELECT own_licence.licence_id FROM own_licence)
    UNION
    SELECT asset.seq, asset.source, asset.id
    FROM stored.asset_generated AS asset
    INNER JOIN explain_input AS asked
        ON
            asked.basis = 'generation'
            AND asset.model_id || '@' || asset.version = asked.reference
            AND asset.currency = asked.currency
    WHERE
        CAST(date_trunc('month', asset.occurred_at) AS DATE) IN (
            SELECT origin_month.first_on FROM origin_month
        )
    UNION
    SELECT terms.seq, terms.source, terms.id
    FROM stored.terms AS terms
    CROSS JOIN explain_input AS asked
    WHERE
        CASE asked.basis
            WHEN 'generation' THEN terms.generation_share_ppm IS NOT NULL
            WHEN 'training' THEN terms.training_share_ppm IS NOT NULL
            ELSE
                terms.direct_levels IS NOT NULL
                OR terms.direct_floor IS NOT NULL
                OR terms.training_share_ppm IS NOT NULL
        END
),

changing AS (
    SELECT seq FROM depended_on
    UNION
    SELECT reversal.seq
    FROM stored.event_reversed AS reversal
    INNER JOIN depended_on
        ON
            reversal.reversed_source = depended_on.source
            AND reversal.reversed_id = depended_on.id
)

SELECT
    event.seq,
    event.type
FROM changing
INNER JOIN stored.event AS event ON changing.seq = event.seq
CROSS JOIN explain_input AS asked
CROSS JOIN close_input
WHERE event.seq > asked.since_seq AND event.seq <= close_input.log_seq
