-- A statement goes to a registered contributor only, in the currency that is the contributor's.
-- Grain: one row per statement that goes to somebody else, or in another currency.
--
-- statement_id VARCHAR: the statement
-- contributor_id VARCHAR: whom it goes to
-- currency VARCHAR: of the statement
-- registered_currency VARCHAR: of the contributor; null where none is registered
SELECT
    statement.statement_id,
    statement.contributor_id,
    statement.currency,
    registered.currency AS registered_currency
FROM statement
LEFT JOIN registered ON statement.contributor_id = registered.contributor_id
WHERE statement.currency IS DISTINCT FROM registered.currency
