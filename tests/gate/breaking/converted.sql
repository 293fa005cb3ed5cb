-- A statement is in another currency than the last one and doesn't say so.
UPDATE statement SET converted_from = NULL WHERE contributor_id = 'eve';
-- It says that another currency was left.
UPDATE statement SET converted_from = 'JPY' WHERE contributor_id = 'eve';
-- A statement says that its account went over, and it stayed.
UPDATE statement SET converted_from = 'EUR' WHERE contributor_id = 'bo';
-- It doesn't say at which rate.
UPDATE statement SET converted_to_rate = NULL WHERE contributor_id = 'eve';
-- Its rates are over 31 days old.
UPDATE statement SET converted_on = '2026-09-29' WHERE contributor_id = 'eve';
