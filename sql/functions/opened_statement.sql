-- Reads the fields of a statement from its sealed bytes (SPEC §7.2); null where they are no JSON.
CREATE OR REPLACE MACRO opened_statement(sealed) AS
TRY(
    from_json(
        decode(sealed),
        '{
            "adjustments": "VARCHAR", "advance_outstanding": "VARCHAR", "carried": "VARCHAR",
            "contributor_id": "VARCHAR",
            "converted": {
                "base": "VARCHAR", "date": "VARCHAR", "from": "VARCHAR", "from_rate": "VARCHAR",
                "opening": "VARCHAR", "to_rate": "VARCHAR"
            },
            "currency": "VARCHAR",
            "lines": [{
                "amount": "VARCHAR", "basis": "VARCHAR", "corrected": "VARCHAR",
                "currency": "VARCHAR", "delta": "VARCHAR",
                "fx": {
                    "base": "VARCHAR", "credited": "VARCHAR", "date": "VARCHAR",
                    "from_rate": "VARCHAR", "to_rate": "VARCHAR"
                },
                "kind": "VARCHAR", "origin_period": "VARCHAR", "original": "VARCHAR",
                "reference": "VARCHAR"
            }],
            "opening": "VARCHAR", "payable": "VARCHAR", "period": "VARCHAR",
            "recouped": "VARCHAR", "reserve_balance": "VARCHAR", "reserve_released": "VARCHAR",
            "reserve_withheld": "VARCHAR", "royalties": "VARCHAR", "statement_id": "VARCHAR",
            "withholding": "VARCHAR"
        }'
    )
);
