-- Two currencies of which a line, or an account that changes its currency, may need the rates.
-- Grain: one row per pair.
--
-- from_currency VARCHAR: currency of the line, or the one that an account leaves
-- to_currency VARCHAR: currency of the statement
WITH source AS (
    SELECT currency FROM entitlement
    UNION
    SELECT currency FROM open_change
    UNION
    SELECT currency FROM last_statement
),

target AS (
    SELECT currency FROM registration
    UNION
    SELECT currency FROM last_statement
)

SELECT source.currency AS from_currency, target.currency AS to_currency
FROM source
INNER JOIN target ON source.currency != target.currency
