-- The two currencies of the line that is explained: it stands in the place of `currency_pair`.
-- Grain: one row; none where they are the same.
--
-- from_currency VARCHAR: currency of the line
-- to_currency VARCHAR: currency of its statement
SELECT asked.currency AS from_currency, statement.currency AS to_currency
FROM explain_input AS asked
CROSS JOIN close_input
INNER JOIN stored.statement AS statement
    ON
        close_input.period = statement.period
        AND asked.contributor_id = statement.contributor_id
WHERE asked.currency != statement.currency
