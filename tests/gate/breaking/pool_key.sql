-- A pool counts twice.
INSERT INTO computed_pool SELECT * FROM computed_pool WHERE basis = 'training';
