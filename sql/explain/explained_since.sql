-- An event that names what is asked for, or reverses one that does, and that no close has read yet.
-- Grain: one row per event after the position of the last close.
--
-- seq BIGINT: position in the log
-- type VARCHAR: the event's type
WITH of_image AS (
    SELECT licensed.seq, licensed.licence_id
    FROM stored.image_licensed AS licensed
    INNER JOIN explain_input AS asked
        ON licensed.image_id = asked.reference AND asked.basis = 'direct'
),

naming AS (
    SELECT owner.seq
    FROM stored.licence_contributor AS owner
    INNER JOIN explain_input AS asked ON owner.contributor_id = asked.contributor_id
    UNION
    SELECT registered.seq
    FROM stored.contributor AS registered
    INNER JOIN explain_input AS asked ON registered.contributor_id = asked.contributor_id
    UNION
    SELECT advance.seq
    FROM stored.advance AS advance
    INNER JOIN explain_input AS asked ON advance.contributor_id = asked.contributor_id
    UNION
    SELECT trained.seq
    FROM stored.model_trained AS trained
    INNER JOIN explain_input AS asked
        ON trained.model_id || '@' || trained.version = asked.reference
    UNION
    SELECT asset.seq
    FROM stored.asset_generated AS asset
    INNER JOIN explain_input AS asked
        ON asset.model_id || '@' || asset.version = asked.reference
    UNION
    SELECT of_image.seq FROM of_image
    UNION
    SELECT revoked.seq
    FROM stored.licence_revoked AS revoked
    INNER JOIN of_image ON revoked.licence_id = of_image.licence_id
    UNION
    SELECT trained.seq
    FROM stored.model_trained AS trained
    INNER JOIN stored.manifest_entry AS entry ON trained.manifest_sha256 = entry.manifest_sha256
    INNER JOIN explain_input AS asked
        ON entry.image_id = asked.reference AND asked.basis = 'direct'
    UNION
    SELECT attribution.seq
    FROM stored.attribution AS attribution
    INNER JOIN explain_input AS asked
        ON attribution.image_id = asked.reference AND asked.basis = 'direct'
),

named AS (
    SELECT event.seq, event.type, event.source, event.id
    FROM stored.event AS event
    INNER JOIN naming ON event.seq = naming.seq
),

reversing AS (
    SELECT reversal.seq, 'event-reversed' AS type
    FROM stored.event_reversed AS reversal
    INNER JOIN named
        ON reversal.reversed_source = named.source AND reversal.reversed_id = named.id
)

SELECT
    named.seq,
    named.type
FROM named
CROSS JOIN close_input
WHERE named.seq > close_input.log_seq
UNION
SELECT
    reversing.seq,
    reversing.type
FROM reversing
CROSS JOIN close_input
WHERE reversing.seq > close_input.log_seq
