-- A statement of one close as it leaves the warehouse, issued or as a draft: the fields of
-- SPEC §7.2, in its order.
-- Grain: one row per statement of the close, ordered by contributor_id.
--
-- adjustments DECIMAL(38, 6): sum of the adjustment lines
-- advance_outstanding DECIMAL(38, 6): advances not recouped, after this close
-- carried DECIMAL(38, 6): what the next statement opens with
-- contributor_id VARCHAR: who it is for
-- converted_base VARCHAR: base of the rates at which the account went over; null where it stayed
-- converted_date DATE: date of those rates
-- converted_from VARCHAR: currency left
-- converted_from_rate VARCHAR: rate of the currency left, in canonical form
-- converted_opening DECIMAL(38, 6): what the last statement carried, in the currency left
-- converted_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- currency VARCHAR: currency of all its amounts
-- opening DECIMAL(38, 6): what the last statement carried
-- payable DECIMAL(38, 6): to be paid
-- period VARCHAR: period of the statement
-- recouped DECIMAL(38, 6): taken towards advances; negative where one is given back
-- reserve_balance DECIMAL(38, 6): reserves withheld and not released, after this close
-- reserve_released DECIMAL(38, 6): released of earlier reserves
-- reserve_withheld DECIMAL(38, 6): kept back as a reserve
-- royalties DECIMAL(38, 6): sum of the royalty lines
-- statement_id VARCHAR: the statement, `period/contributor_id`
-- withholding DECIMAL(38, 6): withheld from what is due
SELECT
    adjustments_micros * 0.000001 AS adjustments,
    advance_outstanding_micros * 0.000001 AS advance_outstanding,
    carried_micros * 0.000001 AS carried,
    contributor_id,
    converted_base,
    converted_on AS converted_date,
    converted_from,
    converted_from_rate,
    converted_opening_micros * 0.000001 AS converted_opening,
    converted_to_rate,
    currency,
    opening_micros * 0.000001 AS opening,
    payable_micros * 0.000001 AS payable,
    period,
    recouped_micros * 0.000001 AS recouped,
    reserve_balance_micros * 0.000001 AS reserve_balance,
    reserve_released_micros * 0.000001 AS reserve_released,
    reserve_withheld_micros * 0.000001 AS reserve_withheld,
    royalties_micros * 0.000001 AS royalties,
    statement_id,
    withholding_micros * 0.000001 AS withholding
FROM exported.statement
WHERE period = (SELECT asked.period FROM asked)
ORDER BY contributor_id
