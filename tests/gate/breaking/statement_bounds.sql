-- Somebody would have to pay.
UPDATE statement SET payable_micros = -payable_micros WHERE contributor_id = 'ana';
-- A reserve is below nothing.
UPDATE statement SET reserve_balance_micros = -1 WHERE contributor_id = 'bo';
-- A whole cent is carried though something was due.
UPDATE statement SET carried_micros = 10_000 WHERE contributor_id = 'ana';
