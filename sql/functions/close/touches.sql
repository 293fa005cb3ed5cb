-- Returns whether a close computes what is owed for a basis, reference, origin period and currency;
-- what it doesn't compute stands as the close before found it.
CREATE OR REPLACE MACRO touches(own_basis, own_reference, own_period, own_currency) AS
(SELECT close_input.known_seq = 0 FROM close_input)
OR (own_basis, own_reference, own_period, own_currency) IN (
    SELECT (touched.basis, touched.reference, touched.origin_period, touched.currency)
    FROM touched
);
