-- What is held at the last close, summed by reason, in major units.
-- Grain: one row per reason and currency, ordered by both; nothing that comes to 0.
--
-- reason VARCHAR: why it is held
-- currency VARCHAR: currency of the amount
-- amount DECIMAL(38, 6): what is held
SELECT
    reason,
    currency,
    sum(amount_micros) * 0.000001 AS amount
FROM warehouse.standing_held
GROUP BY reason, currency
HAVING sum(amount_micros) != 0
ORDER BY reason, currency
