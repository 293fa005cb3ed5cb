-- What the log names by the id that is asked for.
-- Grain: one row per kind of which there is one.
--
-- kind VARCHAR: `contributor`, `image` or `model_version`
WITH named AS (
    SELECT 'contributor' AS kind, contributor_id AS id FROM stored.licence_contributor
    UNION ALL
    SELECT 'contributor', contributor_id FROM stored.contributor
    UNION ALL
    SELECT 'contributor', contributor_id FROM stored.advance
    UNION ALL
    SELECT 'image', image_id FROM stored.image_licensed
    UNION ALL
    SELECT 'image', image_id FROM stored.manifest_entry
    UNION ALL
    SELECT 'image', image_id FROM stored.attribution
    UNION ALL
    SELECT 'model_version', model_id || '@' || version FROM stored.model_trained
    UNION ALL
    SELECT 'model_version', base_model_id || '@' || base_version FROM stored.base_model
    UNION ALL
    SELECT 'model_version', model_id || '@' || version FROM stored.asset_generated
)

SELECT DISTINCT named.kind
FROM named
INNER JOIN explain_input AS asked ON named.id = asked.reference
