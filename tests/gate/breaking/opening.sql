-- What was carried isn't opened.
UPDATE statement SET opening_micros = 0 WHERE contributor_id = 'ana';
-- An older statement's is opened.
UPDATE statement SET opening_micros = 9_000 WHERE contributor_id = 'ana';
-- Something is opened that nobody carried.
UPDATE statement SET opening_micros = 1 WHERE contributor_id = 'bo';
-- Of somebody no longer registered, what was carried is lost.
DELETE FROM standing_held WHERE basis = 'carried';
-- It is held once more beside the statement.
INSERT INTO standing_held VALUES (
    'contributor_not_registered', 'carried', 'ana', 'ana', '2026-10', 'USD', 7_000
);
-- What was carried is opened in another currency as it was.
UPDATE statement SET opening_micros = 2_000_000 WHERE contributor_id = 'eve';
-- Another opening is converted than what was carried.
UPDATE statement SET converted_opening_micros = 2_000_001 WHERE contributor_id = 'eve';
