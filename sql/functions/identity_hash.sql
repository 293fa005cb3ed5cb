-- Returns 64 bits of the MD5 of an event's identity; no source has a line feed.
CREATE OR REPLACE MACRO identity_hash(source, id) AS
CAST(md5_number(concat(source, chr(10), id)) & 18446744073709551615 AS UBIGINT);
