-- As `canonical_instant` of schemas/scalars.py: an instant in UTC with 6 decimals; null where there
-- is no such day. With an offset the first and the last day of all are null too: in UTC their year
-- can be another one.
CREATE OR REPLACE MACRO canonical_instant(text) AS
strftime(
    CASE
        WHEN right(text, 1) IN ('Z', 'z') OR right(text, 6) = '+00:00'
            THEN TRY_CAST(upper(text) AS TIMESTAMP)
        WHEN left(text, 10) NOT IN ('2000-01-01', '2099-12-31')
            THEN make_timestamp(epoch_us(TRY_CAST(upper(text) AS TIMESTAMPTZ)))
    END,
    '%Y-%m-%dT%H:%M:%S.%fZ'
);
