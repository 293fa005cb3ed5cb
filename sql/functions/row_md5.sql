-- Returns 80 bits of the MD5 of a row as JSON, so that those of 10^13 rows have an exact sum.
CREATE OR REPLACE MACRO row_md5(fact) AS
CAST(md5_number(to_json(fact)) >> 48 AS DECIMAL(38, 0));
