-- From when on in a year a contributor's downloads may have other numbers than at the close before:
-- a download of an earlier period is news (SPEC §5.1).
-- Grain: one row per contributor and calendar year with such a download.
--
-- contributor_id VARCHAR: the contributor
-- first_at TIMESTAMP: when the first of them was sold
-- year_ends_at TIMESTAMP: the first instant after the year, in UTC
SELECT
    owner.contributor_id,
    min(licence.occurred_at) AS first_at,
    date_trunc('year', licence.occurred_at) + INTERVAL 1 YEAR AS year_ends_at
FROM touched_licence AS licence
INNER JOIN stored.licence_contributor AS owner ON licence.seq = owner.seq
CROSS JOIN close_input
WHERE
    licence.declared
    AND licence.use = 'download'
    AND licence.occurred_at < close_input.starts_at
GROUP BY owner.contributor_id, date_trunc('year', licence.occurred_at)
