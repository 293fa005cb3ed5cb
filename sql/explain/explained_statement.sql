-- A statement of the contributor's, as it was issued (SPEC §6).
-- Grain: one row per statement up to the staged close.
--
-- period VARCHAR: its period
-- statement_id VARCHAR: the statement, `period/contributor_id`
-- currency VARCHAR: currency of its amounts
-- converted_from VARCHAR: currency that the account left with it; null where it stayed
-- opening_micros DECIMAL(38, 0): what the last statement carried
-- royalties_micros DECIMAL(38, 0): sum of the royalty lines
-- adjustments_micros DECIMAL(38, 0): sum of the adjustment lines
-- recouped_micros DECIMAL(38, 0): taken towards advances; negative where one is given back
-- reserve_released_micros DECIMAL(38, 0): released of earlier reserves
-- withholding_micros DECIMAL(38, 0): withheld from what is due
-- payable_micros DECIMAL(38, 0): to be paid
-- carried_micros DECIMAL(38, 0): what the next statement opens with
-- reserve_withheld_micros DECIMAL(38, 0): kept back as a reserve
-- reserve_due_period VARCHAR: when that is released; null where none was kept back
-- reserve_balance_micros DECIMAL(38, 0): reserves withheld and not released, after this statement
-- advance_outstanding_micros DECIMAL(38, 0): advances not recouped, after this statement
-- threshold_micros DECIMAL(38, 0): least amount that is paid, by the terms at the staged close
SELECT
    statement.period,
    statement.statement_id,
    statement.currency,
    statement.converted_from,
    statement.opening_micros,
    statement.royalties_micros,
    statement.adjustments_micros,
    statement.recouped_micros,
    statement.reserve_released_micros,
    statement.withholding_micros,
    statement.payable_micros,
    statement.carried_micros,
    statement.reserve_withheld_micros,
    statement.reserve_due_period,
    statement.reserve_balance_micros,
    statement.advance_outstanding_micros,
    CAST(
        agreed_amount(term.amounts, statement.currency) AS DECIMAL(38, 0)
    ) AS threshold_micros
FROM stored.statement AS statement
INNER JOIN explain_input AS asked ON statement.contributor_id = asked.contributor_id
CROSS JOIN close_input
LEFT JOIN term
    ON in_effect(
        term,
        'payment_threshold',
        term_scope('payment_threshold', asked.contributor_id),
        close_input.ends_at - INTERVAL 1 MICROSECOND
    )
WHERE statement.period <= close_input.period
