-- How far a contributor is from the payment threshold at the end of the last period that is
-- estimated: by what the last statement carried and what is earned so far in the periods that
-- aren't closed (SPEC §6, Statement), in major units.
-- Grain: one row for the contributor asked for; none before a statement and a registration.
--
-- carried DECIMAL(38, 6): what the last statement carried; 0 before any
-- currency VARCHAR: currency of the amounts: the last statement's, else the registration's
-- earned DECIMAL(38, 6): what is earned so far in all periods that aren't closed; in another
--   currency at the rates that a close of the last of them would take, and not without such rates
-- missing DECIMAL(38, 6): what both lack to the threshold; 0 where they lack nothing
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

earned AS (
    SELECT
        entitlement.currency,
        sum(entitlement.amount_micros) AS amount_micros
    FROM entitlement
    CROSS JOIN earnings_input
    CROSS JOIN close_input
    WHERE
        entitlement.contributor_id = earnings_input.contributor_id
        AND entitlement.origin_period BETWEEN earnings_input.period AND close_input.period
    GROUP BY entitlement.currency
),

converted AS (
    SELECT
        CASE
            WHEN earned.currency = last_balance.currency THEN earned.amount_micros
            ELSE half_even(
                exact_product(
                    earned.amount_micros,
                    fx.to_rate_e10,
                    'estimate of ' || last_balance.contributor_id
                ),
                fx.from_rate_e10
            )
        END AS amount_micros
    FROM earned
    CROSS JOIN last_balance
    LEFT JOIN fx
        ON earned.currency = fx.from_currency AND last_balance.currency = fx.to_currency
),

judged AS (
    SELECT
        last_balance.currency,
        last_balance.carried_micros,
        (SELECT coalesce(sum(amount_micros), 0) FROM converted) AS earned_micros,
        last_balance.statement_id,
        CAST(
            agreed_amount(term.amounts, last_balance.currency) AS DECIMAL(38, 0)
        ) AS threshold_micros
    FROM last_balance
    LEFT JOIN term
        ON in_effect(term, 'payment_threshold', last_balance.scope, last_balance.stated_at)
    WHERE last_balance.currency IS NOT NULL
)

SELECT
    CAST(carried_micros AS DECIMAL(38, 0)) * 0.000001 AS carried,
    currency,
    CAST(earned_micros AS DECIMAL(38, 0)) * 0.000001 AS earned,
    CAST(greatest(threshold_micros - carried_micros - earned_micros, 0) AS DECIMAL(38, 0))
    * 0.000001 AS missing,
    statement_id,
    threshold_micros * 0.000001 AS threshold
FROM judged
