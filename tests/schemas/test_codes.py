"""The lists of codes: currencies and countries of their time, and what else people call them."""

import pytest
from pydantic import ValidationError

from schemas.countries import COUNTRIES
from schemas.currencies import MINOR_DIGITS
from schemas.errors import first_error
from schemas.events import ContributorRegistered

REGISTRATION = {
    "contributor_id": "ana",
    "country": "SE",
    "currency": "SEK",
    "withholding_rate": "0",
}


def said_of(country: object) -> str:
    """Return the message by which a registration with a country is refused."""
    data = REGISTRATION | {"country": country}
    with pytest.raises(ValidationError) as refused:
        ContributorRegistered.model_validate(data)
    path, message = first_error(refused.value, data)
    assert "country" == path
    return message


@pytest.mark.parametrize(("code", "name"), [("UK", "GB"), ("EL", "GR")])
def test_what_the_european_union_writes_is_refused_with_the_code_to_write(
    code: str, name: str
) -> None:
    """The message names ISO 3166-1's code for the country that was meant."""
    assert said_of(code).endswith(f"; there {code} is {name}")
    assert name in COUNTRIES


@pytest.mark.parametrize("code", ["ZZ", "se", "SWE", "", 7, None])
def test_any_other_code_is_refused_without_a_guess(code: object) -> None:
    """Whatever isn't on the list, and isn't text, is no country."""
    assert "; there" not in said_of(code)


def test_codes_of_their_time_are_on_the_lists() -> None:
    """A currency and a country that ended after 2000 are known, with the scale of then."""
    assert {"BGN": 2, "HRK": 2, "TRL": 0} == {
        code: MINOR_DIGITS[code] for code in ("BGN", "HRK", "TRL")
    }
    assert {"AN", "XK"} <= set(COUNTRIES)
    assert len(COUNTRIES) == len(set(COUNTRIES))
