-- The sealed bytes were edited.
UPDATE statement SET sealed = encode('Ana') WHERE contributor_id = 'ana';
-- A digest is missing.
UPDATE statement SET digest = NULL WHERE contributor_id = 'ana';
-- A digest is cut off.
UPDATE statement SET digest = left(digest, 63) WHERE contributor_id = 'ana';
