-- A micro is neither paid nor carried.
UPDATE statement SET carried_micros = carried_micros - 1 WHERE contributor_id = 'bo';
-- An amount is missing.
UPDATE statement SET recouped_micros = NULL WHERE contributor_id = 'bo';
