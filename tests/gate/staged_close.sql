-- A close of 2026-10, staged by hand, in which every check has something to look at.
-- Ana and Bo own what dream@1 was trained on; its training pool changed since the close of 2026-09,
-- so that Ana is owed more of it and Bo less.
-- Cy never registered; Dee did, until the registration was reversed.
-- Eve's account goes over from EUR to USD, with a reserve and an advance that isn't recouped whole.
-- One event came after the close began, and changes nothing.

INSERT INTO close_input VALUES
('2026-10', '2026-10-01', '2026-11-01', '2026-10-31', 13, 0);

INSERT INTO currency VALUES ('EUR', 10_000), ('USD', 10_000);

INSERT INTO registered VALUES
('ana', 'USD', 100_000, NULL, NULL, NULL, NULL, NULL),
('bo', 'USD', 0, NULL, NULL, NULL, NULL, NULL),
('eve', 'USD', 0, 'EUR', 'EUR', '2026-10-30', '1', '1.1');

INSERT INTO turn BY NAME
SELECT *
FROM (VALUES
    ('ana', 1, 'USD', '2026-08', NULL, TIMESTAMP 'infinity', 1, 1),
    ('bo', 1, 'USD', '2026-09', NULL, 'infinity', 1, 1),
    ('dee', 1, 'USD', '2026-08', NULL, 'infinity', 1, 1),
    ('eve', 1, 'EUR', '2026-09', '2026-10', '2026-11-01', 1, 1),
    ('eve', 2, 'USD', '2026-10', NULL, 'infinity', 10_000_000_000, 11_000_000_000)
) AS row (
    contributor_id, turn, currency, first_period, next_period, left_at, from_rate_e10, to_rate_e10
);

INSERT INTO advance_in_force VALUES
(7, 'first', 'bo', '2026-09-02', '2026-09', 'USD', 2_000_000, false),
(12, 'second', 'bo', '2026-10-02', '2026-10', 'USD', 500_000, false),
(12, 'in-euro', 'ana', '2026-10-02', '2026-10', 'EUR', 800_000, false),
(12, 'first', 'bo', '2026-10-02', '2026-10', 'USD', 600_000, true),
(7, 'for-eve', 'eve', '2026-09-02', '2026-09', 'EUR', 300_000, false);

INSERT INTO computed_pool BY NAME
SELECT 'dream' AS model_id, '1' AS version, 'dream@1' AS reference, *
FROM (VALUES
    ('training', '2026-09', 'USD', 10_000_000),
    ('generation', '2026-10', 'USD', 5_000_000)
) AS row (basis, origin_period, currency, amount_micros);

INSERT INTO computed_allocation BY NAME
SELECT 'dream@1' AS reference, 'USD' AS currency, *
FROM (VALUES
    ('training', '2026-09', 'ana', 6_000_000),
    ('training', '2026-09', 'bo', 3_000_000),
    ('generation', '2026-10', 'ana', 2_000_000),
    ('generation', '2026-10', 'bo', 2_500_000)
) AS row (basis, origin_period, contributor_id, amount_micros);

INSERT INTO entitlement BY NAME
SELECT basis, reference, origin_period, currency, contributor_id, amount_micros
FROM computed_allocation;
INSERT INTO entitlement BY NAME
SELECT 'direct' AS basis, *
FROM (VALUES
    ('ana', 'sea', '2026-10', 'EUR', 1_000_000),
    ('bo', 'dune', '2026-09', 'EUR', 200_000),
    ('cy', 'fern', '2026-10', 'USD', 900_000),
    ('dee', 'moss', '2026-08', 'USD', 65_000),
    ('ana', 'sea', '2026-11', 'USD', 123_456)
) AS row (contributor_id, reference, origin_period, currency, amount_micros);

INSERT INTO standing_held BY NAME
SELECT *
FROM (VALUES
    ('unlicensed_image', 'training', 'dream@1', NULL, '2026-09', 'USD', 1_000_000),
    ('image_not_in_manifest', 'generation', 'dream@1', NULL, '2026-10', 'USD', 300_000),
    ('unknown_model', 'generation', 'dream@1', NULL, '2026-10', 'USD', 200_000),
    ('no_terms', 'generation', 'dream@1', NULL, '2026-10', 'USD', 50_000),
    ('model_version_redeclared', 'training', 'dream@1', NULL, '2026-09', 'USD', 70_000),
    ('unknown_model', 'generation', 'ghost@1', NULL, '2026-10', 'USD', 700_000),
    ('no_terms', 'direct', 'reef', 'ana', '2026-10', 'EUR', 400_000),
    ('contributor_not_registered', 'direct', 'fern', 'cy', '2026-10', 'USD', 900_000),
    ('contributor_not_registered', 'carried', 'dee', 'dee', '2026-10', 'USD', 40_000),
    ('contributor_not_registered', 'reserve', 'dee', 'dee', '2026-10', 'USD', 25_000),
    ('advance_currency', 'advance', 'in-euro', 'ana', '2026-10', 'EUR', 800_000),
    ('advance_redeclared', 'advance', 'first', 'bo', '2026-10', 'USD', 600_000)
) AS row (reason, basis, reference, contributor_id, origin_period, currency, amount_micros);

-- Of the position before, the training pool had other allocations, one held part was larger, one is
-- gone and one stands as it did.
INSERT INTO warehouse.pool BY NAME
SELECT '2026-09' AS period, * FROM computed_pool WHERE basis = 'training';
INSERT INTO warehouse.allocation BY NAME
SELECT '2026-09' AS period, * REPLACE (amount_micros - 500_000 AS amount_micros)
FROM computed_allocation
WHERE basis = 'training';
INSERT INTO warehouse.held BY NAME
SELECT '2026-09' AS period, * FROM standing_held WHERE reason = 'model_version_redeclared';
INSERT INTO warehouse.held VALUES
('2026-09', 'unlicensed_image', 'training', 'dream@1', NULL, '2026-09', 'USD', 2_000_000),
('2026-09', 'no_terms', 'generation', 'old@1', NULL, '2026-09', 'USD', 5);

INSERT INTO pool BY NAME SELECT '2026-10' AS period, * FROM computed_pool;
INSERT INTO allocation BY NAME SELECT '2026-10' AS period, * FROM computed_allocation;
INSERT INTO held BY NAME
SELECT '2026-10' AS period, * FROM standing_held WHERE reason != 'model_version_redeclared';
INSERT INTO held VALUES
('2026-10', 'no_terms', 'generation', 'old@1', NULL, '2026-09', 'USD', 0);

INSERT INTO statement_line BY NAME
SELECT
    '2026-10' AS period,
    '2026-10/' || contributor_id AS statement_id,
    corrected_micros - original_micros AS delta_micros,
    *
FROM (VALUES
    ('ana', 1, 'royalty', 'direct', '2026-10', 'sea', 'EUR', 0, 1_000_000, 1_100_000),
    ('ana', 2, 'royalty', 'generation', '2026-10', 'dream@1', 'USD', 0, 2_000_000, 2_000_000),
    (
        'ana', 3, 'adjustment', 'training', '2026-09', 'dream@1', 'USD',
        5_000_000, 6_000_000, 1_000_000
    ),
    ('bo', 1, 'royalty', 'generation', '2026-10', 'dream@1', 'USD', 0, 2_500_000, 2_500_000),
    ('bo', 2, 'adjustment', 'direct', '2026-09', 'dune', 'EUR', 500_000, 200_000, -330_000),
    (
        'bo', 3, 'adjustment', 'training', '2026-09', 'dream@1', 'USD',
        4_000_000, 3_000_000, -1_000_000
    )
) AS row (
    contributor_id, line, kind, basis, origin_period, reference, currency,
    original_micros, corrected_micros, amount_micros
);
UPDATE statement_line
SET fx_base = 'EUR', fx_on = '2026-10-30', fx_from_rate = '1', fx_to_rate = '1.1'
WHERE contributor_id = 'ana' AND currency = 'EUR';
UPDATE statement_line SET fx_credited_micros = 550_000
WHERE contributor_id = 'bo' AND currency = 'EUR';

INSERT INTO statement BY NAME
SELECT
    '2026-10' AS period,
    '2026-10/' || contributor_id AS statement_id,
    'USD' AS currency,
    *
FROM (VALUES
    (
        'ana', 7_000, 3_100_000, 1_000_000, 0, 405_000, 503_000,
        420_000, 3_780_000, 5_000, 405_000, 0
    ),
    ('bo', 0, 2_500_000, -1_330_000, 500_000, 0, 0, 0, 0, 670_000, 0, 0),
    ('eve', 2_200_000, 0, 0, 110_000, 0, 0, 0, 2_090_000, 0, 110_000, 0)
) AS row (
    contributor_id, opening_micros, royalties_micros, adjustments_micros, recouped_micros,
    reserve_withheld_micros, reserve_released_micros, withholding_micros, payable_micros,
    carried_micros, reserve_balance_micros, advance_outstanding_micros
);

UPDATE statement
SET
    converted_from = 'EUR',
    converted_base = 'EUR',
    converted_on = '2026-10-30',
    converted_from_rate = '1',
    converted_to_rate = '1.1',
    converted_opening_micros = 2_000_000
WHERE contributor_id = 'eve';

INSERT INTO warehouse.statement_line BY NAME
SELECT period || '/' || contributor_id AS statement_id, *
FROM (VALUES
    ('2026-08', 'dee', 1, 'direct', '2026-08', 'moss', 'USD', 65_000),
    ('2026-09', 'ana', 1, 'training', '2026-09', 'dream@1', 'USD', 5_000_000),
    ('2026-09', 'bo', 2, 'training', '2026-09', 'dream@1', 'USD', 4_000_000),
    ('2026-09', 'bo', 1, 'direct', '2026-09', 'dune', 'EUR', 500_000)
) AS row (period, contributor_id, line, basis, origin_period, reference, currency, delta_micros);

INSERT INTO warehouse.statement BY NAME
SELECT period || '/' || contributor_id AS statement_id, *
FROM (VALUES
    ('2026-08', 'ana', 'USD', 0, 9_000, 503_000, '2026-10'),
    ('2026-08', 'dee', 'USD', 0, 40_000, 25_000, '2026-12'),
    ('2026-09', 'ana', 'USD', 0, 7_000, 0, NULL),
    ('2026-09', 'bo', 'USD', 2_000_000, 0, 0, NULL),
    ('2026-09', 'eve', 'EUR', 200_000, 2_000_000, 100_000, '2026-12')
) AS row (
    period, contributor_id, currency, recouped_micros, carried_micros, reserve_withheld_micros,
    reserve_due_period
);

-- What is sealed says what the columns and the lines say.
CREATE MACRO sealed_json(issued, lines) AS to_json({
    'adjustments': money_text(issued.adjustments_micros),
    'advance_outstanding': money_text(issued.advance_outstanding_micros),
    'carried': money_text(issued.carried_micros),
    'contributor_id': issued.contributor_id,
    'converted': CASE
        WHEN issued.converted_from IS NOT NULL
            THEN {
                'base': issued.converted_base,
                'date': CAST(issued.converted_on AS VARCHAR),
                'from': issued.converted_from,
                'from_rate': issued.converted_from_rate,
                'opening': money_text(issued.converted_opening_micros),
                'to_rate': issued.converted_to_rate
            }
    END,
    'currency': issued.currency,
    'lines': lines,
    'opening': money_text(issued.opening_micros),
    'payable': money_text(issued.payable_micros),
    'period': issued.period,
    'recouped': money_text(issued.recouped_micros),
    'reserve_balance': money_text(issued.reserve_balance_micros),
    'reserve_released': money_text(issued.reserve_released_micros),
    'reserve_withheld': money_text(issued.reserve_withheld_micros),
    'royalties': money_text(issued.royalties_micros),
    'statement_id': issued.statement_id,
    'withholding': money_text(issued.withholding_micros)
});

UPDATE statement AS issued
SET sealed = encode(sealed_json(issued, (
    SELECT coalesce(list(sealed_line_fields(part) ORDER BY part.line), [])
    FROM statement_line AS part
    WHERE part.statement_id = issued.statement_id
)));
UPDATE statement SET digest = sha256(sealed);
UPDATE warehouse.statement AS issued
SET sealed = encode(sealed_json(issued, (
    SELECT coalesce(list(sealed_line_fields(part) ORDER BY part.line), [])
    FROM warehouse.statement_line AS part
    WHERE part.statement_id = issued.statement_id
)));
UPDATE warehouse.statement SET digest = sha256(sealed);

INSERT INTO warehouse.period_close BY NAME
SELECT * FROM (VALUES
    ('2026-08', TIMESTAMP '2026-08-01', TIMESTAMP '2026-09-01', 5, 6, 2, 3),
    ('2026-09', TIMESTAMP '2026-09-01', TIMESTAMP '2026-10-01', 8, 9, 3, 7)
) AS row (period, starts_at, ends_at, log_seq, seq, statements, tree_size);
UPDATE warehouse.period_close
SET previous_digest = repeat('0', 64), digest = sha256(
    repeat('0', 64) || chr(10) || '2026-08' || chr(10) || (
        SELECT string_agg(contributor_id || ' ' || digest || chr(10), '' ORDER BY contributor_id)
        FROM warehouse.statement
        WHERE period = '2026-08'
    )
)
WHERE period = '2026-08';
UPDATE warehouse.period_close
SET previous_digest = first_close.digest, digest = sha256(
    first_close.digest || chr(10) || '2026-09' || chr(10) || (
        SELECT string_agg(contributor_id || ' ' || digest || chr(10), '' ORDER BY contributor_id)
        FROM warehouse.statement
        WHERE period = '2026-09'
    )
)
FROM (SELECT digest FROM warehouse.period_close WHERE period = '2026-08') AS first_close
WHERE period = '2026-09';

INSERT INTO warehouse.event BY NAME
SELECT
    unnest([
        'terms-agreed', 'contributor-registered', 'contributor-registered', 'image-licensed',
        'model-trained', 'period-closed', 'advance-paid', 'fx-rates-published', 'period-closed',
        'asset-generated', 'licence-revoked', 'source-reported', 'event-reversed',
        'image-licensed'
    ]) AS type,
    unnest(range(1, 15)) AS seq;
UPDATE warehouse.event
SET content = '{"data":{"base":"EUR","rates":{"BTC":"0.00001","EUR":"1","JPY":"160","USD":"1.1"}}}'
WHERE type = 'fx-rates-published';
UPDATE warehouse.event
SET
    id = closed.period,
    content = to_json({'data': {'digest': closed.digest, 'log_seq': closed.log_seq}})
FROM warehouse.period_close AS closed
WHERE event.seq = closed.seq;
INSERT INTO warehouse.terms BY NAME SELECT 1 AS seq;
INSERT INTO warehouse.contributor BY NAME SELECT unnest([2, 3]) AS seq;
INSERT INTO warehouse.image_licensed BY NAME SELECT unnest([4, 14]) AS seq;
INSERT INTO warehouse.licence_contributor VALUES
(4, 'ana', 600_000), (4, 'bo', 400_000), (14, 'ana', 1_000_000);
INSERT INTO warehouse.model_trained BY NAME SELECT 5 AS seq;
INSERT INTO warehouse.advance BY NAME SELECT 7 AS seq;
INSERT INTO warehouse.fx_rate BY NAME SELECT 8 AS seq, unnest(['USD', 'JPY']) AS currency;
INSERT INTO warehouse.asset_generated BY NAME SELECT 10 AS seq;
INSERT INTO warehouse.licence_revoked BY NAME SELECT 11 AS seq;
INSERT INTO warehouse.source_report BY NAME SELECT 12 AS seq;
INSERT INTO warehouse.event_reversed BY NAME SELECT 13 AS seq;

INSERT INTO warehouse.ingest_batch BY NAME
SELECT * FROM (VALUES
    ('b1', 8, 5, 1, 0, 2, [{'reason': 'not_json', 'events': 2}], 5),
    ('b2', 2, 2, 0, 0, 0, [], 8),
    ('b3', 5, 4, 0, 1, 0, NULL, 13),
    ('b4', 1, 1, 0, 0, 0, [], 14)
) AS row (
    batch_id, received, accepted, duplicate, conflict, rejected, rejected_by_reason, head
);
