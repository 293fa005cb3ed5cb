-- What the last statements leave open, summed over contributors, in major units.
-- What is carried to some is never set off against what is carried against others.
-- Grain: one row per currency with anything open, ordered by it.
--
-- currency VARCHAR: currency of the amounts
-- carried DECIMAL(38, 6): carried to next statements, of the contributors where it is above 0
-- carried_negative DECIMAL(38, 6): the same, of the contributors where it is below 0
-- reserve DECIMAL(38, 6): reserves withheld and not released
-- advance_outstanding DECIMAL(38, 6): advances not recouped
SELECT
    currency,
    sum(greatest(carried_micros, 0)) * 0.000001 AS carried,
    sum(least(carried_micros, 0)) * 0.000001 AS carried_negative,
    sum(reserve_micros) * 0.000001 AS reserve,
    sum(advance_outstanding_micros) * 0.000001 AS advance_outstanding
FROM warehouse.open_balance
GROUP BY currency
ORDER BY currency
