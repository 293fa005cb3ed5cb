-- A line stands twice.
INSERT INTO statement_line SELECT * REPLACE (4 AS line) FROM statement_line
WHERE contributor_id = 'ana' AND line = 2;
-- What is one line is stated as two.
INSERT INTO statement_line SELECT * REPLACE (4 AS line, 0 AS amount_micros) FROM statement_line
WHERE contributor_id = 'ana' AND line = 2;
