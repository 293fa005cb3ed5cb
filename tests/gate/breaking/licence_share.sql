-- The shares of a licence are less than one.
UPDATE warehouse.licence_contributor SET share_ppm = 399_999 WHERE contributor_id = 'bo';
-- A contributor of a licence stands twice.
INSERT INTO warehouse.licence_contributor VALUES (4, 'bo', 400_000);
-- A licence has no contributors.
DELETE FROM warehouse.licence_contributor WHERE seq = 4;
-- One licence has what another lacks.
UPDATE warehouse.licence_contributor SET seq = 3 WHERE seq = 4 AND contributor_id = 'bo';
-- A late licence has no contributors.
INSERT INTO warehouse.image_licensed BY NAME SELECT 12 AS seq;
