-- A line of a statement: a royalty of the period closed, or an adjustment of an earlier one
-- (SPEC §6).
-- Grain: one row per line of an issued statement.
--
-- period VARCHAR: period of the statement
-- statement_id VARCHAR: the statement, `period/contributor_id`
-- contributor_id VARCHAR: who it is for
-- line INTEGER: place in the statement, from 1
-- kind VARCHAR: `royalty` or `adjustment`
-- basis VARCHAR: `direct`, `training` or `generation`
-- origin_period VARCHAR: period that the events occurred in
-- reference VARCHAR: image of a direct line, model version of a pool's
-- currency VARCHAR: currency of the events, and of original, corrected and delta
-- original_micros DECIMAL(38, 0): what earlier statements carry, in micros
-- corrected_micros DECIMAL(38, 0): the entitlement now, in micros
-- delta_micros DECIMAL(38, 0): corrected less original, in micros
-- amount_micros DECIMAL(38, 0): the delta in the statement's currency, in micros
-- fx_base VARCHAR: base of the rates that converted it; null where none did
-- fx_on DATE: date of those rates
-- fx_from_rate VARCHAR: rate of the line's currency, in canonical form
-- fx_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- fx_credited_micros DECIMAL(38, 0): what was credited before by the rates of the account's changes
--   since, where that is taken back and isn't `original` itself
WITH line AS (
    SELECT
        judged_change.*,
        close_input.period,
        close_input.period || '/' || judged_change.contributor_id AS statement_id,
        CASE
            WHEN judged_change.origin_period = close_input.period THEN 'royalty' ELSE 'adjustment'
        END AS kind
    FROM judged_change
    CROSS JOIN close_input
    WHERE judged_change.reason IS NULL
),

-- what is taken back goes by what was credited, whatever the rates now
conversion AS (
    SELECT
        *,
        concat_ws(' ', 'line', statement_id, basis, reference, origin_period, currency) AS name,
        CASE
            WHEN delta_micros < 0 THEN credited_micros
            ELSE delta_micros
        END AS multiplicand,
        CASE
            WHEN delta_micros < 0 THEN delta_micros
            WHEN currency = statement_currency THEN 1
            ELSE to_rate_e10
        END AS multiplier,
        CASE
            WHEN delta_micros < 0 THEN stated_micros
            WHEN currency = statement_currency THEN 1
            ELSE from_rate_e10
        END AS divisor
    FROM line
),

multiplied AS (
    SELECT *, exact_product(multiplicand, multiplier, name) AS product
    FROM conversion
),

converted AS (
    SELECT *, half_even(product, divisor) AS amount_micros
    FROM multiplied
)

SELECT
    period,
    statement_id,
    contributor_id,
    CAST(
        row_number() OVER (
            PARTITION BY contributor_id
            ORDER BY
                kind DESC,
                list_position(['direct', 'training', 'generation'], basis),
                origin_period,
                reference,
                currency
        ) AS INTEGER
    ) AS line,
    kind,
    basis,
    origin_period,
    reference,
    currency,
    stated_micros AS original_micros,
    entitled_micros AS corrected_micros,
    delta_micros,
    CAST(amount_micros AS DECIMAL(38, 0)) AS amount_micros,
    fx_base,
    fx_on,
    fx_from_rate,
    fx_to_rate,
    CASE
        WHEN
            delta_micros < 0
            AND (currency != statement_currency OR credited_micros != stated_micros)
            THEN credited_micros
    END AS fx_credited_micros
FROM converted
