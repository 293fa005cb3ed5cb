-- A close has another digest than its statements'.
UPDATE warehouse.period_close SET digest = sha256('other') WHERE period = '2026-08';
-- A close follows another one than the close before.
UPDATE warehouse.period_close SET previous_digest = repeat('0', 64) WHERE period = '2026-09';
-- A statement is gone.
DELETE FROM warehouse.statement WHERE period = '2026-08' AND contributor_id = 'dee';
-- A statement has another digest.
UPDATE warehouse.statement SET digest = sha256('other') WHERE contributor_id = 'bo';
-- A close is gone from between.
UPDATE warehouse.period_close
SET starts_at = TIMESTAMP '2026-09-02'
WHERE period = '2026-09';
-- The log has no event of a close.
DELETE FROM warehouse.event WHERE seq = 6;
-- A close says that it read the log up to another position than its event does.
UPDATE warehouse.period_close SET log_seq = 7 WHERE period = '2026-09';
-- A close says that it issued more than there is.
UPDATE warehouse.period_close SET statements = 4 WHERE period = '2026-09';
-- A close says that the tree had fewer leaves than there are closes and statements.
UPDATE warehouse.period_close SET tree_size = 6 WHERE period = '2026-09';
