-- A delta isn't the difference.
UPDATE statement_line SET delta_micros = delta_micros + 1 WHERE line = 3;
-- An adjustment is called a royalty.
UPDATE statement_line SET kind = 'royalty' WHERE line = 3;
-- A line changes nothing.
UPDATE statement_line SET delta_micros = 0, corrected_micros = original_micros WHERE line = 3;
-- A line is of a later period.
UPDATE statement_line SET origin_period = '2026-11' WHERE line = 1;
