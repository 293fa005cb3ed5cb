-- Returns whether an event counts for a close: committed up to its log position, and not reversed
-- (SPEC §5).
CREATE OR REPLACE MACRO counts(event_seq) AS
event_seq <= (SELECT close_input.log_seq FROM close_input)
AND event_seq NOT IN (SELECT reversed_event.seq FROM reversed_event);
