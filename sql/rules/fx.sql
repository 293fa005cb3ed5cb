-- The rates that convert one currency to another at a close (SPEC §6, FX).
-- An older rate than 31 days before the last day of the period is none.
-- Grain: one row per pair of `currency_pair` that rates exist for.
--
-- from_currency VARCHAR: currency of the line, or the one that an account leaves
-- to_currency VARCHAR: currency of the statement
-- base VARCHAR: base of the published rates
-- rate_on DATE: date of the rates
-- from_rate VARCHAR: units of `from_currency` for one unit of the base, in canonical form
-- to_rate VARCHAR: units of `to_currency` for one unit of the base, in canonical form
-- from_rate_e10 BIGINT: the same in 10^-10
-- to_rate_e10 BIGINT: the same in 10^-10
-- seq BIGINT: position in the log of the event that published them
WITH published AS (
    SELECT fx_rate.*
    FROM in_force.fx_rate AS fx_rate
    CROSS JOIN close_input
    WHERE fx_rate.rate_on BETWEEN close_input.last_on - 31 AND close_input.last_on
),

quote AS (
    SELECT seq, source, id, occurred_at, base, rate_on, currency, rate, rate_e10 FROM published
    UNION
    SELECT seq, source, id, occurred_at, base, rate_on, base, '1', 10000000000 FROM published
)

SELECT
    pair.from_currency,
    pair.to_currency,
    quote_from.base,
    quote_from.rate_on,
    quote_from.rate AS from_rate,
    quote_to.rate AS to_rate,
    quote_from.rate_e10 AS from_rate_e10,
    quote_to.rate_e10 AS to_rate_e10,
    quote_from.seq
FROM currency_pair AS pair
INNER JOIN quote AS quote_from ON pair.from_currency = quote_from.currency
INNER JOIN quote AS quote_to
    ON pair.to_currency = quote_to.currency AND quote_from.seq = quote_to.seq
QUALIFY row_number() OVER (
    PARTITION BY pair.from_currency, pair.to_currency
    ORDER BY
        quote_from.rate_on DESC,
        quote_from.base IN (pair.from_currency, pair.to_currency) DESC,
        quote_from.occurred_at DESC,
        quote_from.source DESC,
        quote_from.id DESC
) = 1
