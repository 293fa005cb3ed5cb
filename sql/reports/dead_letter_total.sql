-- How many dead letters are open.
-- Grain: one row.
--
-- letters BIGINT: dead letters that are neither resolved nor dismissed
SELECT CAST(coalesce(sum(letters), 0) AS BIGINT) AS letters
FROM warehouse.open_dead_letter
