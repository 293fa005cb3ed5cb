-- A statement's arithmetic, step by step (SPEC §6, Statement).
-- Grain: one row per registered contributor who gets a statement.
--
-- contributor_id VARCHAR: the contributor
-- currency VARCHAR: currency of the statement
-- converted_from VARCHAR: currency that the account left with this statement; null where it stayed,
--   as what follows is
-- converted_base VARCHAR: base of the rates that it went over at
-- converted_on DATE: date of those rates
-- converted_from_rate VARCHAR: rate of the currency left, in canonical form
-- converted_to_rate VARCHAR: rate of the statement's currency, in canonical form
-- converted_opening_micros DECIMAL(38, 0): what the last statement carried, in the currency left
-- opening_micros DECIMAL(38, 0): what the last statement carried, in the statement's currency
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
WITH opened AS (
    SELECT *, opening_micros + royalties_micros + adjustments_micros AS open_micros
    FROM account
),

recouped AS (
    SELECT *, least(greatest(open_micros, 0), outstanding_micros) AS recouped_micros
    FROM opened
),

reservable AS (
    SELECT
        *,
        greatest(
            least(
                royalties_micros + adjustments_micros - recouped_micros,
                open_micros - recouped_micros
            ),
            0
        ) AS reservable_micros
    FROM recouped
),

reserve AS (
    SELECT
        *,
        exact_product(
            reservable_micros, reserve_rate_ppm, 'reserve of ' || contributor_id
        ) AS reserve_product
    FROM reservable
),

reserved AS (
    SELECT *, floor_div(reserve_product, 1000000) AS reserve_withheld_micros
    FROM reserve
),

available AS (
    SELECT
        *,
        open_micros - recouped_micros - reserve_withheld_micros + reserve_released_micros
            AS available_micros
    FROM reserved
),

in_minor_units AS (
    SELECT *, floor_div(available_micros, minor_micros) AS available_minor
    FROM available
),

due AS (
    SELECT
        *,
        CASE
            WHEN available_minor > 0 AND available_minor * minor_micros >= threshold_micros
                THEN available_minor
            ELSE 0
        END AS due_minor
    FROM in_minor_units
),

stated AS (
    SELECT
        *,
        exact_product(
            due_minor, withholding_rate_ppm, 'withholding of ' || contributor_id
        ) AS withholding_product
    FROM due
    WHERE lines > 0 OR reserve_released_micros > 0 OR recouped_micros != 0 OR due_minor > 0
),

withheld AS (
    SELECT *, half_even(withholding_product, 1000000) AS withholding_minor
    FROM stated
)

SELECT
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
    CAST(recouped_micros AS DECIMAL(38, 0)) AS recouped_micros,
    CAST(reserve_withheld_micros AS DECIMAL(38, 0)) AS reserve_withheld_micros,
    reserve_released_micros,
    CAST(withholding_minor * minor_micros AS DECIMAL(38, 0)) AS withholding_micros,
    CAST((due_minor - withholding_minor) * minor_micros AS DECIMAL(38, 0)) AS payable_micros,
    CAST(available_micros - due_minor * minor_micros AS DECIMAL(38, 0)) AS carried_micros,
    CAST(
        reserve_micros - reserve_released_micros + reserve_withheld_micros AS DECIMAL(38, 0)
    ) AS reserve_balance_micros,
    CAST(outstanding_micros - recouped_micros AS DECIMAL(38, 0)) AS advance_outstanding_micros,
    CASE WHEN reserve_withheld_micros > 0 THEN reserve_due_period END AS reserve_due_period
FROM withheld
