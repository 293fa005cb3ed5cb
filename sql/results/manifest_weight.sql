-- What a claimant weighs in a manifest, where a close found the model version's claimants new or
-- changed (SPEC §5.2, Manifest; §6, Stored position). All claimants of a version stand with the row
-- of the latest close.
-- Grain: one row per close, and model version and contributor, and one for its unlicensed images.
--
-- period VARCHAR: period of the close
-- model_id VARCHAR: the model
-- version VARCHAR: its version
-- contributor_id VARCHAR: the contributor; null for the unlicensed images
-- weight DECIMAL(38, 0): sum of weight times share, in 10^-9; 0 where the version's declaration is
--   gone
WITH entry AS (
    SELECT model_id, version, contributor_id, weight
    FROM computed_weight
    UNION ALL
    SELECT kept.model_id, kept.version, kept.contributor_id, -kept.weight
    FROM last_weight AS kept
    SEMI JOIN weighed_version AS weighed
        ON kept.model_id = weighed.model_id AND kept.version = weighed.version
),

difference AS (
    SELECT model_id, version
    FROM entry
    GROUP BY model_id, version, contributor_id
    HAVING sum(weight) != 0
),

changed AS (
    SELECT DISTINCT
        model_id,
        version
    FROM difference
)

SELECT
    close_input.period,
    changed.model_id,
    changed.version,
    computed_weight.contributor_id,
    coalesce(computed_weight.weight, 0) AS weight
FROM changed
CROSS JOIN close_input
LEFT JOIN computed_weight
    ON
        changed.model_id = computed_weight.model_id
        AND changed.version = computed_weight.version
