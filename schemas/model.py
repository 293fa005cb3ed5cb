"""What the models of events, statements and rejections have in common."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A model that takes exactly its fields, in exactly their types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Canonical(Strict):
    """A model that is canonical once it is validated (SPEC §4).

    Its fields stand in the order of their names, as they do in the canonical form.
    """

    def canonical(self) -> str:
        """Write the canonical form: sorted keys, no spaces, what is absent left out."""
        return self.model_dump_json(by_alias=True, exclude_none=True)
