-- An event is gone.
DELETE FROM warehouse.event WHERE seq = 4;
-- An event stands twice.
INSERT INTO warehouse.event SELECT * FROM warehouse.event WHERE seq = 4;
-- One stands twice and another is gone.
UPDATE warehouse.event SET seq = 5 WHERE seq = 4;
-- The log ends before the close's position.
UPDATE close_input SET log_seq = 15;
-- A late event is gone.
DELETE FROM warehouse.event WHERE seq = 10;
