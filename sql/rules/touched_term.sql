-- A span of time over which a field of the terms may have another value than at the close before:
-- from where an event takes effect that is news, to the next terms of its field and scope that
-- aren't.
-- Grain: one row per `terms-agreed` event that is news, and field that it carries.
--
-- field VARCHAR: name of the field
-- scope_id VARCHAR: contributor or model whose terms they are; '' for the platform's
-- effective_from TIMESTAMP: first instant
-- effective_until TIMESTAMP: first instant after it, `infinity` where nothing follows
WITH agreed AS (
    SELECT
        seq,
        scope_kind,
        coalesce(scope_id, '') AS scope_id,
        effective_from,
        is_news(seq) AS is_new,
        counts(seq) AS is_in_force,
        unnest(
            list_filter(
                [
                    CASE WHEN direct_levels IS NOT NULL THEN 'direct_levels' END,
                    CASE WHEN direct_floor IS NOT NULL THEN 'direct_floor' END,
                    CASE WHEN training_share_ppm IS NOT NULL THEN 'training_share' END,
                    CASE WHEN generation_share_ppm IS NOT NULL THEN 'generation_share' END
                ],
                lambda field: field IS NOT NULL
            )
        ) AS field
    FROM stored.terms
)

SELECT
    changed.field,
    changed.scope_id,
    changed.effective_from,
    coalesce(min(following.effective_from), TIMESTAMP 'infinity') AS effective_until
FROM agreed AS changed
LEFT JOIN agreed AS following
    ON
        changed.field = following.field
        AND changed.scope_kind = following.scope_kind
        AND changed.scope_id = following.scope_id
        AND changed.effective_from < following.effective_from
        AND following.is_in_force
        AND NOT following.is_new
WHERE changed.is_new
GROUP BY changed.seq, changed.field, changed.scope_id, changed.effective_from
