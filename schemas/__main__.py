"""Write the JSON Schemas of the models: `python -m schemas`."""

from schemas.published import publish

if __name__ == "__main__":
    publish()
