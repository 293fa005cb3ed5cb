-- Returns whether the close before didn't know an event, or counted it and it is reversed since.
CREATE OR REPLACE MACRO is_news(event_seq) AS
came_since(event_seq)
OR event_seq IN (SELECT reversed_since.seq FROM reversed_since);
