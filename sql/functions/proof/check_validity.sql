-- As `check_validity` of schemas/events.py: a licence's canonical fields; null where it ends before
-- it has begun.
CREATE OR REPLACE MACRO check_validity(licence) AS
CASE
    WHEN licence.valid_until IS NULL OR licence.valid_until > licence.valid_from THEN licence
END;
