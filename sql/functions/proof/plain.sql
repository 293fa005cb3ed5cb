-- As `plain` of schemas/decimals.py: a decimal without the zeros after its point that change
-- nothing.
CREATE OR REPLACE MACRO plain(text) AS
CASE WHEN contains(text, '.') THEN rtrim(rtrim(text, '0'), '.') ELSE text END;
