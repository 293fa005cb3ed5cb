-- A held part counts twice.
INSERT INTO standing_held SELECT * FROM standing_held WHERE reference = 'ghost@1';
