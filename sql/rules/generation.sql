-- A generation with the share of its revenue that contributors get (SPEC §5.2).
-- Grain: one row per `asset-generated` event in force with origin period up to the closed one.
--
-- seq BIGINT: position of the event in the log
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- origin_period VARCHAR: period of the generation
-- currency VARCHAR: currency of the revenue
-- revenue_micros BIGINT: the revenue, in micros
-- share_ppm INTEGER: `generation_share` in force, in ppm; null where there is none
-- known BOOLEAN: whether the model version was declared
WITH asset AS (
    SELECT
        generated.*,
        period_month.period AS origin_period,
        term_scope('generation_share', generated.model_id) AS share_scope
    FROM warehouse.asset_generated AS generated
    INNER JOIN period_month
        ON period_month.month = CAST(date_trunc('month', generated.occurred_at) AS DATE)
    WHERE in_force(generated.seq)
)

SELECT
    asset.seq,
    asset.model_id,
    asset.version,
    asset.origin_period,
    asset.currency,
    asset.revenue_micros,
    share.rate_ppm AS share_ppm,
    declared.seq IS NOT NULL AS known
FROM asset
LEFT JOIN term AS share
    ON
        share.field = 'generation_share'
        AND asset.share_scope = share.scope_id
        AND asset.occurred_at >= share.effective_from
        AND asset.occurred_at < share.effective_until
LEFT JOIN model_version AS declared
    ON
        asset.model_id = declared.model_id
        AND asset.version = declared.version
        AND NOT declared.redeclared
