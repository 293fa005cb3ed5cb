-- An allocation counts twice.
INSERT INTO standing_allocation SELECT * FROM standing_allocation
WHERE basis = 'training' AND contributor_id = 'ana';
