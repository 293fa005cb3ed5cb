-- A release doesn't lower the balance.
UPDATE statement SET reserve_balance_micros = 908_000 WHERE contributor_id = 'ana';
-- Of somebody no longer registered, a part of the reserve is lost.
UPDATE standing_held SET amount_micros = 24_000 WHERE basis = 'reserve';
-- A reserve goes over to another currency as it was.
UPDATE statement SET reserve_balance_micros = 100_000 WHERE contributor_id = 'eve';
-- A reserve that is due isn't released.
UPDATE statement SET reserve_released_micros = 0, reserve_balance_micros = 908_000
WHERE contributor_id = 'ana';
