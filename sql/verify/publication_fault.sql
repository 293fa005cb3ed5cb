-- A publication of a statement that wasn't issued so.
-- Grain: one row per publication that isn't of a statement, or of another digest.
--
-- relation VARCHAR: the relation that says so
-- key VARCHAR: the statement and the destination
-- expected VARCHAR: digest of the statement as it was issued
-- found VARCHAR: digest that was published
SELECT
    'publication' AS relation,
    concat('statement_id=', publication.statement_id, ' destination=', publication.destination)
        AS key,
    coalesce(statement.digest, 'no publication: there is no such statement') AS expected,
    coalesce(publication.digest, 'none') AS found
FROM stored.publication AS publication
LEFT JOIN stored.statement AS statement
    ON publication.statement_id = statement.statement_id
WHERE publication.digest IS DISTINCT FROM statement.digest
UNION ALL
SELECT
    'publication',
    concat('statement_id=', statement_id, ' destination=', destination),
    'one row',
    concat(count(*), ' rows')
FROM stored.publication
GROUP BY statement_id, destination
HAVING count(*) > 1
