-- Of every statement, what came in is what went out or stays: the identity of SPEC §6.
-- Grain: one row per statement that doesn't add up.
--
-- statement_id VARCHAR: the statement
-- came_in_micros DECIMAL(38,0): opening, royalties, adjustments and released reserve, less
--   what was recouped and withheld as reserve
-- went_out_micros DECIMAL(38,0): payable, withholding and carried
WITH side AS (
    SELECT
        statement_id,
        opening_micros + royalties_micros + adjustments_micros - recouped_micros
        - reserve_withheld_micros + reserve_released_micros AS came_in_micros,
        payable_micros + withholding_micros + carried_micros AS went_out_micros
    FROM statement
)

SELECT
    statement_id,
    came_in_micros,
    went_out_micros
FROM side
WHERE came_in_micros IS DISTINCT FROM went_out_micros
