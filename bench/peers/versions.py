"""Prints the versions of the packages that it is given the names of, as JSON."""

import json
import sys
from importlib.metadata import version

if __name__ == "__main__":
    print(json.dumps({name: version(name) for name in sys.argv[1:]}))
