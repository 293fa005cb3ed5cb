-- Writes integer micros with 6 decimals, and `-` before negatives, as statements do (SPEC §7.2).
CREATE OR REPLACE MACRO money_text(whole_micros) AS
CASE
    WHEN whole_micros BETWEEN 0 AND 999999
        THEN '0.' || lpad(CAST(whole_micros AS VARCHAR), 6, '0')
    WHEN whole_micros BETWEEN -999999 AND -1
        THEN '-0.' || lpad(CAST(-whole_micros AS VARCHAR), 6, '0')
    ELSE left(CAST(whole_micros AS VARCHAR), -6) || '.' || right(CAST(whole_micros AS VARCHAR), 6)
END;
