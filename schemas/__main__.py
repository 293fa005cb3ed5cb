"""Write the JSON Schemas and the AsyncAPI document of the models: `python -m schemas`."""

from schemas import asyncapi, published

if __name__ == "__main__":
    published.publish()
    asyncapi.publish()
