-- A base model of a declaration of the model version that counts (SPEC §5.2, Lineage).
-- Grain: one row per base of the declaration in force.
--
-- model_id VARCHAR: the base model
-- version VARCHAR: its version
-- share_ppm INTEGER: the base's share of what the version's pools have for manifests, in ppm
SELECT
    base.base_model_id AS model_id,
    base.base_version AS version,
    base.share_ppm
FROM in_force.base_model AS base
INNER JOIN model_version AS declared ON base.seq = declared.seq AND NOT declared.redeclared
INNER JOIN explain_input AS asked ON declared.reference = asked.reference
