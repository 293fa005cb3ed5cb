-- A fact counts twice.
INSERT INTO warehouse.asset_generated SELECT * FROM warehouse.asset_generated;
-- A fact is missing.
DELETE FROM warehouse.licence_revoked;
-- A fact has no event.
UPDATE warehouse.event SET type = 'advance-paid' WHERE type = 'terms-agreed';
-- A fact is of another event.
UPDATE warehouse.contributor SET seq = 2;
-- A day of rates in a currency of ours has no fact.
DELETE FROM warehouse.fx_rate;
