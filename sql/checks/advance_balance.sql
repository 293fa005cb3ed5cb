-- What is outstanding of a contributor's advances is what was paid less what was recouped, ever.
-- Grain: one row per statement where it isn't.
--
-- statement_id VARCHAR: the statement
-- paid_micros HUGEINT: advances in the statement's currency by the end of the period
-- recouped_micros HUGEINT: by this statement and all earlier ones
-- advance_outstanding_micros DECIMAL(38,0): as stated
WITH paid AS (
    SELECT
        contributor_id,
        currency,
        sum(CAST(amount_micros AS HUGEINT)) AS paid_micros
    FROM advance_in_force
    WHERE NOT redeclared
    GROUP BY contributor_id, currency
),

recouped AS (
    SELECT
        contributor_id,
        sum(CAST(recouped_micros AS HUGEINT)) AS recouped_micros
    FROM warehouse.statement
    WHERE period < (SELECT close_input.period FROM close_input)
    GROUP BY contributor_id
),

account AS (
    SELECT
        statement.statement_id,
        coalesce(paid.paid_micros, 0) AS paid_micros,
        coalesce(recouped.recouped_micros, 0) + CAST(statement.recouped_micros AS HUGEINT)
            AS recouped_micros,
        statement.advance_outstanding_micros
    FROM statement
    LEFT JOIN paid
        ON
            statement.contributor_id = paid.contributor_id
            AND statement.currency = paid.currency
    LEFT JOIN recouped ON statement.contributor_id = recouped.contributor_id
)

SELECT
    statement_id,
    paid_micros,
    recouped_micros,
    advance_outstanding_micros
FROM account
WHERE advance_outstanding_micros IS DISTINCT FROM paid_micros - recouped_micros
