"""The worked cases and the lists of codes are kept to the byte: no change of ours changes them."""

import hashlib
from pathlib import Path

HERE = Path(__file__).parent
SUMS = HERE / "vectors.sha256"
SCHEMAS = HERE.parent / "schemas"


def test_the_worked_cases_and_the_lists_are_those_of_the_specification() -> None:
    """Each file has the digest that it was published with; none is missing, none is added."""
    files = [*(HERE / "vectors").iterdir(), SCHEMAS / "countries.csv", SCHEMAS / "currencies.csv"]
    digests = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    published = (line.split() for line in SUMS.read_text(encoding="ascii").splitlines())

    assert {name: digest for digest, name in published} == digests
