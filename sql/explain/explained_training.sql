-- A declaration of the model version that the staged close read, and whether it counts (SPEC §5,
-- Redeclaration, Reversal).
-- Grain: one row per `model-trained` event of the version up to the close's position.
--
-- seq BIGINT: position of the event in the log
-- developer_id VARCHAR: who trained it
-- trained_at TIMESTAMP: when
-- currency VARCHAR: currency of the training fee
-- training_fee_micros BIGINT: the training fee, in micros
-- images BIGINT: images in the manifest
-- standing VARCHAR: `in_force`, `not_closed` where it is of a period after the close's,
--   `redeclared` where an earlier declaration counts, or `reversed`
SELECT
    trained.seq,
    trained.developer_id,
    trained.occurred_at AS trained_at,
    trained.currency,
    trained.training_fee_micros,
    trained.manifest_rows AS images,
    CASE
        WHEN counted.seq IS NULL THEN 'reversed'
        WHEN counted.redeclared THEN 'redeclared'
        WHEN counted.origin_period IS NULL THEN 'not_closed'
        ELSE 'in_force'
    END AS standing
FROM stored.model_trained AS trained
INNER JOIN explain_input AS asked ON trained.model_id || '@' || trained.version = asked.reference
CROSS JOIN close_input
LEFT JOIN model_version AS counted ON trained.seq = counted.seq
WHERE trained.seq <= close_input.log_seq
