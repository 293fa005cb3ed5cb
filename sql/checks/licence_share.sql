-- The shares of a licence's contributors sum to one, 1,000,000 ppm, of those that came since the
-- close before.
-- Grain: one row per licence of the log whose shares don't.
--
-- seq BIGINT: position of the licence's event in the log
-- share_ppm HUGEINT: sum of the shares; null where it names no contributor
WITH licence AS (
    SELECT seq
    FROM stored.image_licensed
    WHERE came_since(seq)
),

share AS (
    SELECT
        seq,
        sum(share_ppm) AS share_ppm
    FROM stored.licence_contributor
    WHERE came_since(seq)
    GROUP BY seq
)

SELECT
    seq,
    share.share_ppm
FROM licence
FULL JOIN share USING (seq)
WHERE share.share_ppm IS DISTINCT FROM 1_000_000 OR licence.seq IS NULL
