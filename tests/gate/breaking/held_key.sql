-- A held part counts twice.
INSERT INTO held SELECT * FROM held WHERE reference = 'ghost@1';
