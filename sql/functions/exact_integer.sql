-- Returns an integer, of whatever type, as HUGEINT; macros later in the alphabet build on it.
-- A DECIMAL goes through text: its own cast divides, and takes seven times as long.
CREATE OR REPLACE MACRO exact_integer(number) AS
CASE
    WHEN starts_with(typeof(number), 'DECIMAL') THEN CAST(CAST(number AS VARCHAR) AS HUGEINT)
    ELSE CAST(number AS HUGEINT)
END;
