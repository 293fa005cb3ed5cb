-- An allocation counts twice.
INSERT INTO computed_allocation SELECT * FROM computed_allocation
WHERE basis = 'training' AND contributor_id = 'ana';
