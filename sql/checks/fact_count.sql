-- Every event of the log since the close before has its one fact: none is missing, none counts
-- twice. A day of rates has facts where it names a currency of ours besides its base.
-- Grain: one row per position of the log that isn't one event with one fact.
--
-- type VARCHAR: of the event
-- seq BIGINT: its position in the log, up to the close's
-- events BIGINT: how many events the log has there, counted once a fact
-- facts BIGINT: how many facts there are
WITH position AS (
    SELECT
        'image-licensed' AS type,
        seq
    FROM stored.image_licensed
    UNION ALL
    SELECT
        'model-trained',
        seq
    FROM stored.model_trained
    UNION ALL
    SELECT
        'asset-generated',
        seq
    FROM stored.asset_generated
    UNION ALL
    SELECT
        'licence-revoked',
        seq
    FROM stored.licence_revoked
    UNION ALL
    SELECT
        'event-reversed',
        seq
    FROM stored.event_reversed
    UNION ALL
    SELECT
        'terms-agreed',
        seq
    FROM stored.terms
    UNION ALL
    SELECT
        'contributor-registered',
        seq
    FROM stored.contributor
    UNION ALL
    SELECT DISTINCT
        'fx-rates-published',
        seq
    FROM stored.fx_rate
    UNION ALL
    SELECT
        'advance-paid',
        seq
    FROM stored.advance
    UNION ALL
    SELECT
        'source-reported',
        seq
    FROM stored.source_report
),

fact AS (
    SELECT
        type,
        seq
    FROM position
    WHERE came_since(seq)
),

log AS (
    SELECT
        type,
        seq
    FROM stored.event
    WHERE came_since(seq) AND type NOT IN ('period-closed', 'fx-rates-published')
    UNION ALL
    SELECT
        type,
        seq
    FROM stored.event
    WHERE
        came_since(seq)
        AND type = 'fx-rates-published'
        AND list_has_any(
            list_filter(
                json_keys(content, '$.data.rates'),
                LAMBDA code: code != json_extract_string(content, '$.data.base')
            ),
            (SELECT list(currency.currency) FROM currency)
        )
),

matched AS (
    SELECT
        type,
        seq,
        count(log.seq) AS events,
        count(fact.seq) AS facts
    FROM log
    FULL JOIN fact USING (type, seq)
    GROUP BY type, seq
)

SELECT
    type,
    seq,
    events,
    facts
FROM matched
WHERE events != 1 OR facts != 1
