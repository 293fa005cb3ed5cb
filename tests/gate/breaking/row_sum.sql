-- A fact was edited.
UPDATE warehouse.asset_generated SET revenue_micros = 1;
-- Two facts have changed places.
UPDATE warehouse.licence_contributor SET share_ppm = 1_000_000 - share_ppm WHERE seq = 4;
-- A fact is gone.
DELETE FROM warehouse.advance WHERE seq = 7;
-- A fact stands twice.
INSERT INTO warehouse.contributor FROM warehouse.contributor WHERE seq = 2;
-- A fact was added where none was written.
INSERT INTO warehouse.attribution VALUES (10, 'sea', 1);
-- What was written isn't known any more.
DELETE FROM warehouse.row_sum WHERE relation = 'terms';
-- When an earlier reserve is due was edited: the sealed bytes don't say it.
UPDATE warehouse.statement SET reserve_due_period = '2026-10' WHERE contributor_id = 'eve';
-- A close has another digest of the log.
UPDATE warehouse.period_close SET log_digest = sha256('other') WHERE period = '2026-08';
-- A block of the log has a digest that no close stored.
INSERT INTO warehouse.log_block VALUES (0, sha256('other'));
