-- The shares of a licence's contributors sum to one, 1,000,000 ppm.
-- Grain: one row per licence of the log whose shares don't.
--
-- seq BIGINT: position of the licence's event in the log
-- share_ppm HUGEINT: sum of the shares; null where it names no contributor
WITH licence AS NOT MATERIALIZED (
    SELECT
        seq,
        CAST(NULL AS INTEGER) AS share_ppm
    FROM stored.image_licensed
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
),

share AS NOT MATERIALIZED (
    SELECT
        seq,
        share_ppm
    FROM stored.licence_contributor
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
),

-- Summing each of many million licences would cost more than all other checks together.
-- So all shares are summed at once, each multiplied by a hash of its licence: where every licence
-- has one whole, that is the sum of the licences' hashes, and hardly ever otherwise.
-- Only where the two differ is each licence summed.
suspicion AS (
    SELECT
        (SELECT coalesce(sum(CAST(hash(seq) >> 40 AS BIGINT) * 1_000_000), 0) FROM licence)
        != (SELECT coalesce(sum(CAST(hash(seq) >> 40 AS BIGINT) * share_ppm), 0) FROM share)
            AS is_founded
),

suspect AS (
    SELECT
        seq,
        share_ppm
    FROM licence
    WHERE (SELECT suspicion.is_founded FROM suspicion)
    UNION ALL
    SELECT
        seq,
        share_ppm
    FROM share
    WHERE (SELECT suspicion.is_founded FROM suspicion)
)

SELECT
    seq,
    sum(share_ppm) AS share_ppm
FROM suspect
GROUP BY seq
HAVING sum(share_ppm) IS DISTINCT FROM 1_000_000
