-- What a statement's arithmetic starts from and comes to, with the events behind it (SPEC §6).
-- Grain: one row; none where the contributor gets no statement.
--
-- currency VARCHAR: currency of the statement
-- opening_micros DECIMAL(38, 0): what the last statement carried, in the statement's currency
-- opening_period VARCHAR: period of that statement; null where there is none
-- royalties_micros DECIMAL(38, 0): sum of the royalty lines
-- adjustments_micros DECIMAL(38, 0): sum of the adjustment lines
-- outstanding_micros DECIMAL(38, 0): advances less what was recouped before
-- recouped_micros DECIMAL(38, 0): taken towards advances
-- reserve_rate_ppm INTEGER: rate of the reserve to withhold, 0 where none is
-- reserve_rate_seq BIGINT: position in the log of the event that agreed on the rate
-- reserve_due_period VARCHAR: when it is released
-- reserve_withheld_micros DECIMAL(38, 0): kept back as a reserve
-- reserve_released_micros DECIMAL(38, 0): released of earlier reserves
-- threshold_micros BIGINT: least amount that is paid
-- threshold_seq BIGINT: position in the log of the event that agreed on it
-- minor_micros BIGINT: the currency's minor unit, in micros
-- withholding_rate_ppm INTEGER: rate of the withholding
-- registration_seq BIGINT: position in the log of the registration in force
-- withholding_micros DECIMAL(38, 0): withheld from what is due
-- payable_micros DECIMAL(38, 0): to be paid
-- carried_micros DECIMAL(38, 0): what the next statement opens with
-- converted_from VARCHAR: currency that the account left with this statement; null where it stayed
-- converted_opening_micros DECIMAL(38, 0): what the last statement carried, in the currency left
-- converted_from_rate VARCHAR: rate of the currency left
-- converted_to_rate VARCHAR: rate of the statement's currency
-- converted_seq BIGINT: position in the log of the event that published the rates
SELECT
    account.currency,
    account.opening_micros,
    last_statement.period AS opening_period,
    account.royalties_micros,
    account.adjustments_micros,
    account.outstanding_micros,
    balance.recouped_micros,
    account.reserve_rate_ppm,
    account.reserve_rate_seq,
    account.reserve_due_period,
    balance.reserve_withheld_micros,
    account.reserve_released_micros,
    account.threshold_micros,
    account.threshold_seq,
    account.minor_micros,
    account.withholding_rate_ppm,
    registration.seq AS registration_seq,
    balance.withholding_micros,
    balance.payable_micros,
    balance.carried_micros,
    account.converted_from,
    account.converted_opening_micros,
    account.converted_from_rate,
    account.converted_to_rate,
    fx.seq AS converted_seq
FROM account
INNER JOIN explain_input AS asked ON account.contributor_id = asked.contributor_id
INNER JOIN balance ON account.contributor_id = balance.contributor_id
INNER JOIN registration ON account.contributor_id = registration.contributor_id
LEFT JOIN last_statement ON account.contributor_id = last_statement.contributor_id
LEFT JOIN fx ON account.converted_from = fx.from_currency AND account.currency = fx.to_currency
