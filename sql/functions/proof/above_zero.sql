-- As `above_zero` of schemas/scalars.py: a plain decimal; null where it is 0.
CREATE OR REPLACE MACRO above_zero(text) AS nullif(text, '0');
