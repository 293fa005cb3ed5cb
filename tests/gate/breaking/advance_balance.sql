-- What was recouped stands outstanding still.
UPDATE statement SET advance_outstanding_micros = 500_000 WHERE contributor_id = 'bo';
-- An advance was never paid.
DELETE FROM advance_in_force WHERE advance_id = 'second';
-- What is left of an advance isn't converted.
UPDATE turn SET to_rate_e10 = 12_000_000_000 WHERE turn = 2;
