-- Returns whether a row of `term` is the one that answers for a field and a scope at an instant: at
-- most one does (SPEC §5, Terms). `scope` is what `term_scope` returns.
CREATE OR REPLACE MACRO in_effect(span, field_name, scope, at_instant) AS
span.field = field_name
AND span.scope_id = scope
AND at_instant >= span.effective_from
AND at_instant < span.effective_until;
