-- A statement whose sealed bytes don't have its digest.
-- Grain: one row per such statement.
--
-- relation VARCHAR: the relation that says so
-- key VARCHAR: the statement
-- expected VARCHAR: SHA-256 of its sealed bytes
-- found VARCHAR: its digest
SELECT
    'statement' AS relation,
    concat('statement_id=', statement_id, ' digest') AS key,
    sha256(sealed) AS expected,
    digest AS found
FROM stored.statement
WHERE digest IS DISTINCT FROM sha256(sealed)
