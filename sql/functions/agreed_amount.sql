-- Returns what terms agree on for a currency, in micros, of a list of amounts by currency; 0 where
-- the list lacks it, or there is none (SPEC §5, Terms).
CREATE OR REPLACE MACRO agreed_amount(amounts, code) AS
coalesce(list_filter(amounts, LAMBDA amount: amount.currency = code)[1].amount_micros, 0);
