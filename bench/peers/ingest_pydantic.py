"""Validates events by our pydantic models and does nothing else: a limit of what goes one by one.

`python -m bench.peers.ingest_pydantic EVENTS FOLDER`; on one core, and nothing is written.
"""

import json
import sys
from pathlib import Path

from schemas.envelope import Envelope
from schemas.events import EVENT_TYPES


def main(path: Path) -> None:
    """Validate the events of a file, and print how many there are."""
    count = 0
    with path.open("rb") as lines:
        for line in lines:
            event = Envelope.model_validate_json(line)
            EVENT_TYPES[event.type].model_validate(event.data)
            count += 1
    print(json.dumps({"events": count}))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
