-- The sealed bytes were edited.
UPDATE statement SET sealed = encode('Ana') WHERE contributor_id = 'ana';
-- They are no text.
UPDATE statement SET sealed = '\xFF'::BLOB WHERE contributor_id = 'ana';
-- A digest is missing.
UPDATE statement SET digest = NULL WHERE contributor_id = 'ana';
-- A digest is cut off.
UPDATE statement SET digest = left(digest, 63) WHERE contributor_id = 'ana';
-- A column says something else.
UPDATE statement SET reserve_balance_micros = 1 WHERE contributor_id = 'bo';
-- A line says something else.
UPDATE statement_line SET reference = 'pond' WHERE reference = 'dune';
-- A line is gone.
DELETE FROM statement_line WHERE contributor_id = 'ana' AND line = 3;
-- An earlier statement's column was edited.
UPDATE warehouse.statement SET recouped_micros = 0 WHERE contributor_id = 'eve';
-- An earlier statement's lines are gone.
DELETE FROM warehouse.statement_line WHERE contributor_id = 'ana';
-- Of somebody no longer registered, the reserve that is still kept was edited.
UPDATE warehouse.statement SET reserve_withheld_micros = 0 WHERE contributor_id = 'dee';
-- An earlier statement was sealed anew, with another carried.
UPDATE warehouse.statement
SET sealed = encode(replace(decode(sealed), '2.000000', '9.000000'))
WHERE contributor_id = 'eve';
