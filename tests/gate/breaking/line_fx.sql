-- In one currency, the amount isn't the delta.
UPDATE statement_line SET amount_micros = amount_micros + 1
WHERE contributor_id = 'ana' AND line = 2;
-- A conversion doesn't say its rates.
UPDATE statement_line SET fx_to_rate = NULL WHERE fx_base IS NOT NULL;
-- A conversion uses rates from after the period.
UPDATE statement_line SET fx_on = '2026-11-01' WHERE fx_base IS NOT NULL;
-- More is taken back than was credited.
UPDATE statement_line SET fx_credited_micros = 329_999 WHERE fx_credited_micros IS NOT NULL;
