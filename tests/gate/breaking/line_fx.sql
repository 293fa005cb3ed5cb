-- In one currency, the amount isn't the delta.
UPDATE statement_line SET amount_micros = amount_micros + 1
WHERE contributor_id = 'ana' AND line = 2;
-- A conversion doesn't say its rates.
UPDATE statement_line SET fx_to_rate = NULL WHERE fx_base IS NOT NULL;
-- A conversion uses rates from after the period.
UPDATE statement_line SET fx_on = '2026-11-01' WHERE fx_base IS NOT NULL;
-- More is taken back than was credited.
UPDATE statement_line SET fx_credited_micros = 329_999 WHERE fx_credited_micros IS NOT NULL;
-- A conversion uses rates of more than 31 days before the period's last day.
UPDATE statement_line SET fx_on = '2026-09-29' WHERE fx_base IS NOT NULL;
-- What was stated is said to be credited, where there is nothing to say.
UPDATE statement_line SET fx_credited_micros = 4_000_000
WHERE contributor_id = 'bo' AND line = 3;
-- What is taken back in another currency doesn't say what was credited.
UPDATE statement_line SET fx_credited_micros = NULL WHERE fx_credited_micros IS NOT NULL;
-- A line that adds says what was credited.
UPDATE statement_line SET fx_credited_micros = 1 WHERE contributor_id = 'ana' AND line = 2;
