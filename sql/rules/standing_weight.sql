-- What a claimant weighs in a manifest that a part of a pool comes to (SPEC §5.2, Manifest): as the
-- close weighs it, else as the close before did.
-- Grain: one row per such model version and contributor, and one per version for its unlicensed
--   images.
--
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight HUGEINT: sum of weight times share, in 10^-9
WITH kept_version AS (
    SELECT DISTINCT
        part.part_model_id AS model_id,
        part.part_version AS version
    FROM lineage_part AS part
    ANTI JOIN weighed_version AS weighed
        ON part.part_model_id = weighed.model_id AND part.part_version = weighed.version
)

SELECT model_id, version, contributor_id, CAST(weight AS HUGEINT) AS weight
FROM computed_weight
UNION ALL
SELECT kept.model_id, kept.version, kept.contributor_id, CAST(kept.weight AS HUGEINT)
FROM last_weight AS kept
SEMI JOIN kept_version
    ON kept.model_id = kept_version.model_id AND kept.version = kept_version.version
