-- The shares of a licence's contributors sum to one, 1,000,000 ppm.
-- Grain: one row per licence of the log whose shares don't.
--
-- seq BIGINT: position of the licence's event in the log
-- share_ppm HUGEINT: sum of the shares; null where it names no contributor
WITH licence AS (
    SELECT seq
    FROM stored.image_licensed
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
),

share AS (
    SELECT
        seq,
        sum(share_ppm) AS share_ppm
    FROM stored.licence_contributor
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    GROUP BY seq
)

SELECT
    seq,
    share.share_ppm
FROM licence
FULL JOIN share USING (seq)
WHERE share.share_ppm IS DISTINCT FROM 1_000_000 OR licence.seq IS NULL
