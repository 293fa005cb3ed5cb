-- Something received is unaccounted for.
UPDATE warehouse.ingest_batch SET duplicate = 0 WHERE batch_id = 'b1';
-- A rejection has no reason.
UPDATE warehouse.ingest_batch SET rejected_by_reason = NULL WHERE batch_id = 'b1';
-- A batch is gone.
DELETE FROM warehouse.ingest_batch WHERE batch_id = 'b2';
-- A close is gone.
DELETE FROM warehouse.period_close WHERE period = '2026-08';
-- Something received lately is unaccounted for.
UPDATE warehouse.ingest_batch SET duplicate = 5 WHERE batch_id = 'b3';
