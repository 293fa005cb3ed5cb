-- Two lines have one number.
UPDATE statement_line SET line = 1 WHERE contributor_id = 'ana' AND line = 2;
-- A number is left out.
UPDATE statement_line SET line = 4 WHERE contributor_id = 'ana' AND line = 3;
-- Lines are numbered from 0.
UPDATE statement_line SET line = line - 1 WHERE contributor_id = 'ana';
-- Lines have no numbers.
UPDATE statement_line SET line = NULL WHERE contributor_id = 'ana';
