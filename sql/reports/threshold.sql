-- How far the balance of a contributor's last statement is from the payment threshold at the end of
-- the period (SPEC §6, Statement), in major units.
-- Grain: one row for the contributor asked for; none before a statement and a registration.
--
-- carried DECIMAL(38, 6): what the last statement carried; 0 before any
-- currency VARCHAR: currency of the amounts: the last statement's, else the registration's
-- missing DECIMAL(38, 6): what the balance lacks to the threshold; 0 where it lacks nothing
-- statement_id VARCHAR: the last statement; null before any
-- threshold DECIMAL(38, 6): least amount that is paid
WITH last_balance AS (
    SELECT
        earnings_input.contributor_id,
        coalesce(last_statement.currency, registration.currency) AS currency,
        coalesce(last_statement.carried_micros, 0) AS carried_micros,
        last_statement.period || '/' || last_statement.contributor_id AS statement_id,
        term_scope('payment_threshold', earnings_input.contributor_id) AS scope,
        close_input.ends_at - INTERVAL 1 MICROSECOND AS stated_at
    FROM earnings_input
    CROSS JOIN close_input
    LEFT JOIN last_statement ON earnings_input.contributor_id = last_statement.contributor_id
    LEFT JOIN registration ON earnings_input.contributor_id = registration.contributor_id
),

judged AS (
    SELECT
        last_balance.currency,
        last_balance.carried_micros,
        last_balance.statement_id,
        CAST(
            coalesce(
                list_filter(
                    term.amounts, lambda amount: amount.currency = last_balance.currency
                )[1].amount_micros,
                0
            ) AS DECIMAL(38, 0)
        ) AS threshold_micros
    FROM last_balance
    LEFT JOIN term
        ON in_effect(term, 'payment_threshold', last_balance.scope, last_balance.stated_at)
    WHERE last_balance.currency IS NOT NULL
)

SELECT
    CAST(carried_micros AS DECIMAL(38, 0)) * 0.000001 AS carried,
    currency,
    greatest(threshold_micros - carried_micros, 0) * 0.000001 AS missing,
    statement_id,
    threshold_micros * 0.000001 AS threshold
FROM judged
