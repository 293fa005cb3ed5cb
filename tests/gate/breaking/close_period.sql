-- A statement is of another period.
UPDATE statement SET period = '2026-09' WHERE contributor_id = 'ana';
-- A pool is of a later period.
UPDATE pool SET origin_period = '2026-11' WHERE basis = 'generation';
-- The last close is not of the period before.
UPDATE warehouse.period_close SET ends_at = '2026-09-30' WHERE period = '2026-09';
