-- The contributor asked for, where the log names one of that id: with a share of a licence, a
-- registration or an advance.
-- Grain: one row where it does, else none.
--
-- contributor_id VARCHAR: the contributor
WITH named AS (
    SELECT contributor_id FROM warehouse.licence_contributor
    UNION ALL
    SELECT contributor_id FROM warehouse.contributor
    UNION ALL
    SELECT contributor_id FROM warehouse.advance
)

SELECT earnings_input.contributor_id
FROM earnings_input
WHERE earnings_input.contributor_id IN (SELECT named.contributor_id FROM named)
