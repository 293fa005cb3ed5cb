-- A cent too much is withheld.
UPDATE statement
SET withholding_micros = withholding_micros + 10_000, payable_micros = payable_micros - 10_000
WHERE contributor_id = 'ana';
