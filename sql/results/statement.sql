-- A royalty statement as issued: it is never edited (SPEC §6).
-- Grain: one row per period closed and contributor with something to state.
--
-- period VARCHAR: period of the statement
-- statement_id VARCHAR: the statement, `period/contributor_id`
-- contributor_id VARCHAR: who it is for
-- currency VARCHAR: currency of all its amounts
-- converted_from VARCHAR: currency that the account left with this statement; null where it stayed,
--   as what follows is
-- converted_base VARCHAR: base of the rates that it went over at
-- converted_on DATE: date of those rates
-- converted_from_rate VARCHAR: rate of the currency left, in canonical form
-- converted_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- converted_opening_micros DECIMAL(38, 0): what the last statement carried, in the currency left
-- opening_micros DECIMAL(38, 0): what the last statement carried, in micros of `currency`
-- royalties_micros DECIMAL(38, 0): sum of the royalty lines
-- adjustments_micros DECIMAL(38, 0): sum of the adjustment lines
-- recouped_micros DECIMAL(38, 0): taken towards advances; negative where one is given back
-- reserve_withheld_micros DECIMAL(38, 0): kept back as a reserve
-- reserve_released_micros DECIMAL(38, 0): released of earlier reserves
-- withholding_micros DECIMAL(38, 0): withheld from what is due
-- payable_micros DECIMAL(38, 0): to be paid
-- carried_micros DECIMAL(38, 0): what the next statement opens with
-- reserve_balance_micros DECIMAL(38, 0): reserves withheld and not released, after this statement
-- advance_outstanding_micros DECIMAL(38, 0): advances not recouped, after this statement
-- reserve_due_period VARCHAR: when the reserve withheld is released; null where none was
-- digest VARCHAR: SHA-256 of the sealed bytes, in hex
-- sealed BLOB: the statement as sealed: JSON with sorted keys, no spaces, ASCII
WITH document AS (
    SELECT
        balance.*,
        close_input.period,
        close_input.period || '/' || balance.contributor_id AS statement_id,
        to_json(
            {
                'adjustments': money_text(balance.adjustments_micros),
                'advance_outstanding': money_text(balance.advance_outstanding_micros),
                'carried': money_text(balance.carried_micros),
                'contributor_id': balance.contributor_id
            }
        ) AS first_fields,
        CASE
            WHEN balance.converted_from IS NOT NULL
                THEN to_json(
                    {
                        'converted': {
                            'base': balance.converted_base,
                            'date': strftime(balance.converted_on, '%Y-%m-%d'),
                            'from': balance.converted_from,
                            'from_rate': balance.converted_from_rate,
                            'opening': money_text(balance.converted_opening_micros),
                            'to_rate': balance.converted_to_rate
                        }
                    }
                )
        END AS converted_field,
        to_json({'currency': balance.currency}) AS currency_field,
        concat('"lines":[', sealed_line.lines, ']') AS lines_field,
        to_json(
            {
                'opening': money_text(balance.opening_micros),
                'payable': money_text(balance.payable_micros),
                'period': close_input.period,
                'recouped': money_text(balance.recouped_micros),
                'reserve_balance': money_text(balance.reserve_balance_micros),
                'reserve_released': money_text(balance.reserve_released_micros),
                'reserve_withheld': money_text(balance.reserve_withheld_micros),
                'royalties': money_text(balance.royalties_micros),
                'statement_id': close_input.period || '/' || balance.contributor_id,
                'withholding': money_text(balance.withholding_micros)
            }
        ) AS last_fields
    FROM balance
    CROSS JOIN close_input
    LEFT JOIN sealed_line ON balance.contributor_id = sealed_line.contributor_id
),

-- the fields of the parts, in the order of their names, as one object
written AS (
    SELECT
        *,
        concat(
            '{',
            concat_ws(
                ',', first_fields[2:-2], converted_field[2:-2], currency_field[2:-2],
                lines_field, last_fields[2:-2]
            ),
            '}'
        ) AS json
    FROM document
)

SELECT
    period,
    statement_id,
    contributor_id,
    currency,
    converted_from,
    converted_base,
    converted_on,
    converted_from_rate,
    converted_to_rate,
    converted_opening_micros,
    opening_micros,
    royalties_micros,
    adjustments_micros,
    recouped_micros,
    reserve_withheld_micros,
    reserve_released_micros,
    withholding_micros,
    payable_micros,
    carried_micros,
    reserve_balance_micros,
    advance_outstanding_micros,
    reserve_due_period,
    sha256(json) AS digest,
    encode(json) AS sealed
FROM written
