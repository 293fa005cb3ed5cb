-- Returns the scope whose terms answer for a field: the contributor's or model's own, where there
-- are any, else the platform's ('').
CREATE OR REPLACE MACRO term_scope(field_name, own_id) AS
CASE
    WHEN (field_name, own_id) IN (SELECT (term.field, term.scope_id) FROM term) THEN own_id
    ELSE ''
END;
