-- A model version whose claimants may weigh something else than at the close before: it is declared
-- otherwise, or of a training licence on one of its images something is news.
-- Grain: one row per model version.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
WITH licensed AS (
    SELECT
        trained.model_id,
        trained.version
    FROM touched_licence AS licence
    INNER JOIN stored.manifest_entry AS entry ON licence.image_id = entry.image_id
    INNER JOIN stored.model_trained AS trained
        ON
            entry.manifest_sha256 = trained.manifest_sha256
            AND licence.licensee_id = trained.developer_id
            AND licence.valid_from <= trained.occurred_at
            AND licence.valid_until > trained.occurred_at
    WHERE licence.use = 'training'
)

SELECT model_id, version
FROM touched_training
UNION
SELECT model_id, version
FROM licensed
