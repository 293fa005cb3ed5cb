-- A generation with the share of its revenue that contributors get (SPEC §5.2).
-- Grain: one row per `asset-generated` event in force of a pool that the close computes, within the
--   span that is read.
--
-- seq BIGINT: position of the event in the log
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- origin_period VARCHAR: period of the generation
-- currency VARCHAR: currency of the revenue
-- revenue_micros BIGINT: the revenue, in micros
-- share_ppm INTEGER: `generation_share` in force, in ppm; null where there is none
-- share_seq BIGINT: position in the log of the event that agreed on the share
-- known BOOLEAN: whether the model version was declared
WITH asset AS (
    SELECT *, term_scope('generation_share', model_id) AS share_scope
    FROM in_force.asset_generated
    WHERE
        origin_period IS NOT NULL
        AND occurred_at >= (SELECT span.starts_at FROM span)
        AND occurred_at < (SELECT span.ends_at FROM span)
        AND touches('generation', reference, origin_period, currency)
)

SELECT
    asset.seq,
    asset.model_id,
    asset.version,
    asset.reference,
    asset.origin_period,
    asset.currency,
    asset.revenue_micros,
    share.rate_ppm AS share_ppm,
    share.seq AS share_seq,
    declared.seq IS NOT NULL AS known
FROM asset
LEFT JOIN term AS share
    ON in_effect(share, 'generation_share', asset.share_scope, asset.occurred_at)
LEFT JOIN model_version AS declared
    ON
        asset.model_id = declared.model_id
        AND asset.version = declared.version
        AND NOT declared.redeclared
