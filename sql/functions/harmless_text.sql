-- Returns text as a cell of a CSV file: where it begins like a formula, which a spreadsheet would
-- run, behind an apostrophe (SPEC §7.3).
CREATE OR REPLACE MACRO harmless_text(text) AS
CASE
    WHEN left(text, 1) IN ('=', '+', '-', '@', chr(9), chr(13), chr(10)) THEN '''' || text
    ELSE text
END;
