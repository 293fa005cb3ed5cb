-- A pool that changed isn't stored.
DELETE FROM pool WHERE basis = 'generation';
-- It is stored with another amount than it stands at.
UPDATE pool SET amount_micros = amount_micros + 1 WHERE basis = 'training';
-- One of its allocations isn't stored with it.
DELETE FROM allocation WHERE basis = 'training' AND contributor_id = 'ana';
-- A held part that changed isn't stored.
DELETE FROM held WHERE reason = 'unlicensed_image';
-- One that is gone isn't stored as gone.
DELETE FROM held WHERE reference = 'old@1';
-- One that stands is stored as gone.
INSERT INTO held VALUES
('2026-10', 'model_version_redeclared', 'training', 'dream@1', NULL, '2026-09', 'USD', 0);
