-- The change of an account's currency with its statement for the period, with the events behind it
-- (SPEC §6, Currency).
-- Grain: one row; none where the contributor has no statement then, or the account stayed.
--
-- period VARCHAR: period of the statement
-- currency VARCHAR: currency of the statement
-- converted_from VARCHAR: currency left
-- converted_base VARCHAR: base of the rates
-- converted_on DATE: date of the rates
-- from_rate VARCHAR: rate of the currency left, in canonical form
-- to_rate VARCHAR: rate of the statement's currency, in canonical form
-- registration_seq BIGINT: position in the log of the registration
-- fx_seq BIGINT: position in the log of the event that published the rates
WITH changed AS (
    SELECT statement.*
    FROM stored.statement AS statement
    INNER JOIN explain_input AS asked ON statement.contributor_id = asked.contributor_id
    INNER JOIN close_input ON statement.period = close_input.period
    WHERE statement.converted_from IS NOT NULL
),

-- an event names its base without a rate
named AS (
    SELECT
        fx_rate.seq,
        any_value(fx_rate.occurred_at) AS occurred_at,
        any_value(fx_rate.source) AS source,
        any_value(fx_rate.id) AS id,
        list(fx_rate.currency) || [any_value(fx_rate.base)] AS currencies
    FROM in_force.fx_rate AS fx_rate
    INNER JOIN changed
        ON fx_rate.base = changed.converted_base AND fx_rate.rate_on = changed.converted_on
    GROUP BY fx_rate.seq
),

published AS (
    SELECT named.seq
    FROM named
    CROSS JOIN changed
    WHERE list_has_all(named.currencies, [changed.currency, changed.converted_from])
    ORDER BY named.occurred_at DESC, named.source DESC, named.id DESC
    LIMIT 1
)

SELECT
    changed.period,
    changed.currency,
    changed.converted_from,
    changed.converted_base,
    changed.converted_on,
    changed.converted_from_rate AS from_rate,
    changed.converted_to_rate AS to_rate,
    registration.seq AS registration_seq,
    published.seq AS fx_seq
FROM changed
LEFT JOIN registration ON changed.contributor_id = registration.contributor_id
LEFT JOIN published ON TRUE
