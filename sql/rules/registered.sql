-- A contributor who can be paid, and the currency that a statement has (SPEC §6, Currency).
-- Where the last statement is in another currency than the registration, the account goes over if
-- there is a rate, and stays in the last statement's currency if there is none.
-- Grain: one row per contributor registered before the end of the period.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the statement
-- withholding_rate_ppm INTEGER: rate of the latest registration, in ppm
-- converted_from VARCHAR: currency that the account leaves with this statement; null where it
--   stays, as the rates are
-- converted_base VARCHAR: base of the rates that it goes over at
-- converted_on DATE: date of those rates
-- converted_from_rate VARCHAR: rate of the currency left, in canonical form
-- converted_to_rate VARCHAR: rate of the statement's currency, in canonical form
SELECT
    registration.contributor_id,
    CASE
        WHEN last_statement.currency IS NULL OR fx.base IS NOT NULL THEN registration.currency
        ELSE last_statement.currency
    END AS currency,
    registration.withholding_rate_ppm,
    fx.from_currency AS converted_from,
    fx.base AS converted_base,
    fx.rate_on AS converted_on,
    fx.from_rate AS converted_from_rate,
    fx.to_rate AS converted_to_rate
FROM registration
LEFT JOIN last_statement ON registration.contributor_id = last_statement.contributor_id
LEFT JOIN fx
    ON
        last_statement.currency = fx.from_currency
        AND registration.currency = fx.to_currency
