-- Returns whether something stands in the log after what the close before read, up to what this one
-- reads.
CREATE OR REPLACE MACRO came_since(log_position) AS
log_position > (SELECT close_input.known_seq FROM close_input)
AND log_position <= (SELECT close_input.log_seq FROM close_input);
