-- As `not_ours` of schemas/envelope.py: the source of a producer; null where it is ours.
CREATE OR REPLACE MACRO not_ours(text) AS nullif(text, 'manyhands');
