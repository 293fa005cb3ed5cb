-- A pool counts twice.
INSERT INTO pool SELECT * FROM pool WHERE basis = 'training';
