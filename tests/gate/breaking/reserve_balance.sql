-- A release doesn't lower the balance.
UPDATE statement SET reserve_balance_micros = 908_000 WHERE contributor_id = 'ana';
-- Of somebody no longer registered, a part of the reserve is lost.
UPDATE held SET amount_micros = 24_000 WHERE basis = 'reserve';
