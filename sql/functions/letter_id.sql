-- Returns the id of a dead letter: the same bytes from the same place are one letter (SPEC §3.4).
CREATE OR REPLACE MACRO letter_id(origin, origin_item, payload_sha256) AS
sha256(origin || chr(10) || origin_item || chr(10) || payload_sha256);
