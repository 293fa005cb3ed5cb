-- How many statements a destination has, of all that were issued.
-- Grain: one row per destination that was published to, ordered by it.
--
-- destination VARCHAR: topic or folder
-- published BIGINT: statements that it has
-- too_large BIGINT: statements that are too large for it
-- unpublished BIGINT: statements that it is to have, and doesn't yet
SELECT
    destination,
    count(*) FILTER (WHERE outcome = 'published') AS published,
    count(*) FILTER (WHERE outcome = 'too_large') AS too_large,
    (SELECT count(*) FROM warehouse.statement) - count(*) AS unpublished
FROM warehouse.publication
GROUP BY destination
ORDER BY destination
