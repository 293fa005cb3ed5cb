-- A line is left out.
DELETE FROM statement_line WHERE contributor_id = 'ana' AND line = 2;
-- Adjustments are stated as royalties.
UPDATE statement
SET
    royalties_micros = royalties_micros + adjustments_micros,
    adjustments_micros = 0
WHERE contributor_id = 'bo';
-- Lines have no statement.
DELETE FROM statement WHERE contributor_id = 'bo';
