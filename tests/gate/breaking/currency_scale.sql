-- A part of a cent is paid.
UPDATE statement SET payable_micros = payable_micros + 1, carried_micros = carried_micros - 1
WHERE contributor_id = 'ana';
-- A part of a cent is withheld.
UPDATE statement
SET withholding_micros = withholding_micros + 1, carried_micros = carried_micros - 1
WHERE contributor_id = 'ana';
-- A pool is in no currency we know.
UPDATE computed_pool SET currency = 'XXX' WHERE basis = 'generation';
-- A held part has none.
UPDATE standing_held SET currency = NULL WHERE reason = 'no_terms';
