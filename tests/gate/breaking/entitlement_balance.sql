-- An entitlement is neither stated nor held.
DELETE FROM standing_held WHERE contributor_id = 'cy';
-- One contributor is stated what is another's.
UPDATE entitlement SET contributor_id = 'dee' WHERE contributor_id = 'cy';
-- An earlier statement's line is gone.
DELETE FROM warehouse.statement_line WHERE contributor_id = 'dee';
