-- Every event of the log has its one fact: none is missing, none counts twice.
-- A day of rates has facts where it names a currency of ours besides its base.
-- Grain: one row per type of event whose facts aren't its events.
--
-- type VARCHAR: of the events
-- events BIGINT: how many stand in the log up to the close's position
-- facts BIGINT: how many facts were made of them
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
),

-- The hashes of the positions find a fact that stands in the place of another.
fact AS (
    SELECT
        type,
        count(*) AS facts,
        bit_xor(hash(seq)) AS fingerprint
    FROM position
    WHERE seq <= (SELECT close_input.log_seq FROM close_input)
    GROUP BY type
),

log AS (
    SELECT
        type,
        count(*) AS events,
        bit_xor(hash(seq)) AS fingerprint
    FROM stored.event
    WHERE
        seq <= (SELECT close_input.log_seq FROM close_input)
        AND type != 'period-closed'
        AND (
            type != 'fx-rates-published'
            OR list_has_any(
                list_filter(
                    json_keys(content, '$.data.rates'),
                    LAMBDA code: code != json_extract_string(content, '$.data.base')
                ),
                (SELECT list(currency.currency) FROM currency)
            )
        )
    GROUP BY type
)

SELECT
    type,
    coalesce(log.events, 0) AS events,
    coalesce(fact.facts, 0) AS facts
FROM log
FULL JOIN fact USING (type)
WHERE log.events IS DISTINCT FROM fact.facts OR log.fingerprint != fact.fingerprint
