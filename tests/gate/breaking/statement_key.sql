-- Somebody gets two statements.
INSERT INTO statement SELECT * REPLACE ('2026-10/ana-2' AS statement_id) FROM statement
WHERE contributor_id = 'ana';
-- A statement is named after somebody else.
UPDATE statement SET statement_id = '2026-10/bo' WHERE contributor_id = 'ana';
