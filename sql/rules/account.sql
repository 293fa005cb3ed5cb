-- What a statement starts from: the contributor's lines, balances and terms (SPEC §6, Statement).
-- Grain: one row per registered contributor.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the statement
-- lines BIGINT: number of lines
-- converted_from VARCHAR: currency that the account leaves with this statement; null where it
--   stays, as what follows is
-- converted_base VARCHAR: base of the rates that it goes over at
-- converted_on DATE: date of those rates
-- converted_from_rate VARCHAR: rate of the currency left, in canonical form
-- converted_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- converted_opening_micros DECIMAL(38, 0): what the last statement carried, in the currency left
-- opening_micros DECIMAL(38, 0): what the last statement carried, in the statement's currency
-- royalties_micros DECIMAL(38, 0): sum of the royalty lines
-- adjustments_micros DECIMAL(38, 0): sum of the adjustment lines
-- outstanding_micros DECIMAL(38, 0): advances less what was recouped
-- reserve_micros DECIMAL(38, 0): reserve withheld and not released
-- reserve_released_micros DECIMAL(38, 0): the part of it that is due
-- reserve_rate_ppm INTEGER: rate of the reserve to withhold, 0 where none is
-- reserve_rate_seq BIGINT: position in the log of the event that agreed on the rate; null where
--   none is withheld
-- reserve_due_period VARCHAR: when that is released, null where none is withheld
-- threshold_micros BIGINT: least amount that is paid
-- threshold_seq BIGINT: position in the log of the event that agreed on it; null where none did
-- withholding_rate_ppm INTEGER: rate of the withholding
-- minor_micros BIGINT: the currency's minor unit, in micros
WITH earned AS (
    SELECT
        contributor_id,
        count(*) AS lines,
        coalesce(sum(amount_micros) FILTER (WHERE kind = 'royalty'), 0) AS royalties_micros,
        coalesce(sum(amount_micros) FILTER (WHERE kind = 'adjustment'), 0) AS adjustments_micros
    FROM statement_line
    GROUP BY contributor_id
),

reserve AS (
    SELECT
        kept_reserve.contributor_id,
        sum(kept_reserve.amount_micros) AS reserve_micros,
        sum(kept_reserve.amount_micros) FILTER (
            WHERE kept_reserve.due_period <= close_input.period
        ) AS reserve_due_micros
    FROM kept_reserve
    CROSS JOIN close_input
    GROUP BY kept_reserve.contributor_id
),

converted_product AS (
    SELECT
        registered.contributor_id,
        rate_e10(registered.converted_from_rate) AS from_rate_e10,
        exact_product(
            last_statement.carried_micros,
            rate_e10(registered.converted_to_rate),
            'opening of ' || registered.contributor_id
        ) AS product
    FROM registered
    INNER JOIN last_statement ON registered.contributor_id = last_statement.contributor_id
    WHERE registered.converted_from IS NOT NULL
),

converted_opening AS (
    SELECT
        contributor_id,
        CAST(half_even(product, from_rate_e10) AS DECIMAL(38, 0)) AS amount_micros
    FROM converted_product
),

scoped AS (
    SELECT
        registered.*,
        close_input.ends_at - INTERVAL 1 MICROSECOND AS stated_at,
        term_scope('reserve_rate', registered.contributor_id) AS rate_scope,
        term_scope('reserve_periods', registered.contributor_id) AS periods_scope,
        term_scope('payment_threshold', registered.contributor_id) AS threshold_scope
    FROM registered
    CROSS JOIN close_input
)

SELECT
    scoped.contributor_id,
    scoped.currency,
    coalesce(earned.lines, 0) AS lines,
    scoped.converted_from,
    scoped.converted_base,
    scoped.converted_on,
    scoped.converted_from_rate,
    scoped.converted_to_rate,
    CASE
        WHEN scoped.converted_from IS NOT NULL THEN last_statement.carried_micros
    END AS converted_opening_micros,
    CASE
        WHEN scoped.converted_from IS NULL THEN coalesce(last_statement.carried_micros, 0)
        ELSE converted_opening.amount_micros
    END AS opening_micros,
    CAST(coalesce(earned.royalties_micros, 0) AS DECIMAL(38, 0)) AS royalties_micros,
    CAST(coalesce(earned.adjustments_micros, 0) AS DECIMAL(38, 0)) AS adjustments_micros,
    coalesce(outstanding.outstanding_micros, 0) AS outstanding_micros,
    CAST(coalesce(reserve.reserve_micros, 0) AS DECIMAL(38, 0)) AS reserve_micros,
    CAST(coalesce(reserve.reserve_due_micros, 0) AS DECIMAL(38, 0)) AS reserve_released_micros,
    CASE
        WHEN period_ahead.period IS NULL THEN 0 ELSE coalesce(reserve_rate.rate_ppm, 0)
    END AS reserve_rate_ppm,
    CASE WHEN period_ahead.period IS NOT NULL THEN reserve_rate.seq END AS reserve_rate_seq,
    period_ahead.period AS reserve_due_period,
    agreed_amount(threshold.amounts, scoped.currency) AS threshold_micros,
    threshold.seq AS threshold_seq,
    scoped.withholding_rate_ppm,
    currency.minor_micros
FROM scoped
INNER JOIN currency ON scoped.currency = currency.currency
LEFT JOIN earned ON scoped.contributor_id = earned.contributor_id
LEFT JOIN last_statement ON scoped.contributor_id = last_statement.contributor_id
LEFT JOIN converted_opening ON scoped.contributor_id = converted_opening.contributor_id
LEFT JOIN outstanding ON scoped.contributor_id = outstanding.contributor_id
LEFT JOIN reserve ON scoped.contributor_id = reserve.contributor_id
LEFT JOIN term AS reserve_rate
    ON in_effect(reserve_rate, 'reserve_rate', scoped.rate_scope, scoped.stated_at)
LEFT JOIN term AS reserve_periods
    ON in_effect(reserve_periods, 'reserve_periods', scoped.periods_scope, scoped.stated_at)
LEFT JOIN period_ahead ON reserve_periods.periods = period_ahead.periods
LEFT JOIN term AS threshold
    ON in_effect(threshold, 'payment_threshold', scoped.threshold_scope, scoped.stated_at)
