-- A generation that may have paid into the pool of the line that is explained: it stands in the
-- place of `in_force.asset_generated`.
-- Grain: one row per `asset-generated` event in force of the line's model version.
--
-- seq BIGINT: position of the event in the log
-- occurred_at TIMESTAMP: when the asset was generated
-- origin_period VARCHAR: period of the generation; null where that is after the one being closed
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- reference VARCHAR: what statements call it, `model_id@version`
-- currency VARCHAR: currency of the revenue
-- revenue_micros BIGINT: the revenue, in micros
SELECT asset.*
FROM explain_input AS asked
INNER JOIN model_version AS trained
    ON asked.basis = 'generation' AND asked.reference = trained.reference
INNER JOIN in_force.asset_generated AS asset
    ON
        trained.model_id = asset.model_id
        AND trained.version = asset.version
        AND asked.currency = asset.currency
        AND asked.origin_period = asset.origin_period
WHERE NOT trained.redeclared
