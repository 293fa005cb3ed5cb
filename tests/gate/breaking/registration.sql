-- Somebody who never registered gets a statement.
DELETE FROM registered WHERE contributor_id = 'bo';
-- A statement is in another currency than its contributor's.
UPDATE registered SET currency = 'EUR' WHERE contributor_id = 'ana';
