-- An allocation counts twice.
INSERT INTO allocation SELECT * FROM allocation
WHERE basis = 'training' AND contributor_id = 'ana';
