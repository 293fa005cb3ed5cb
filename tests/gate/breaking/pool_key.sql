-- A pool counts twice.
INSERT INTO standing_pool SELECT * FROM standing_pool WHERE basis = 'training';
