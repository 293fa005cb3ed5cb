-- As `short_code` of schemas/source_types.py: the plain code of a digital source type.
CREATE OR REPLACE MACRO short_code(text) AS
regexp_replace(regexp_replace(text, '/$', ''), '^(.*/|digsrctype:)', '');
