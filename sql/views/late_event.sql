-- Events that the log took after the close of their period had read it, by how late they came.
-- They change the next close's statements, as adjustments.
-- Grain: one row per origin period, type and lag.
--
-- origin_period VARCHAR: the closed period that they occurred in
-- type VARCHAR: type of the events
-- lag_days BIGINT: whole days from when they happened to when the log took them
-- events BIGINT: how many there are
SELECT
    period_close.period AS origin_period,
    event.type,
    datesub('day', event.occurred_at, event.recorded_at) AS lag_days,
    count(*) AS events
FROM event
INNER JOIN period_close
    ON
        event.occurred_at >= period_close.starts_at
        AND event.occurred_at < period_close.ends_at
        AND event.seq > period_close.log_seq
WHERE event.source != 'manyhands'
GROUP BY ALL
