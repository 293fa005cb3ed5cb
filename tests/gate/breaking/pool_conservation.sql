-- A micro of a pool is lost.
UPDATE computed_allocation SET amount_micros = amount_micros - 1
WHERE basis = 'training' AND contributor_id = 'ana';
-- A part that lineage holds is lost.
DELETE FROM standing_held WHERE reason = 'unknown_model' AND reference = 'dream@1';
-- A pool is lost, and what it was split into stays.
DELETE FROM computed_pool WHERE basis = 'generation';
-- A pool has no parts.
INSERT INTO computed_pool VALUES
('training', 'lone', '1', 'lone@1', '2026-10', 'USD', 1);
-- A part of a training pool is held where there is no pool.
INSERT INTO standing_held VALUES
('unknown_model', 'training', 'ghost@1', NULL, '2026-10', 'USD', 1);
