"""The model every value of this package is made of: frozen, strict about names, safe to send as JSON."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict


def well_formed(text: str) -> str:
    """The text with lone surrogates, which can't be encoded, replaced by U+FFFD (as `String.toWellFormed` does)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


PageText = Annotated[str, AfterValidator(well_formed)]
"""Text that a page had a hand in. JavaScript's strings may hold lone surrogates, which JSON in UTF-8 can't."""


class Frozen(BaseModel):
    """An immutable value. Unknown fields are refused; bytes travel as base64 in JSON."""

    model_config = ConfigDict(
        defer_build=True,  # most crawls use half of the models; to build all of them is a fifth of the import
        frozen=True,
        extra="forbid",
        ser_json_bytes="base64",
        val_json_bytes="base64",
        ser_json_inf_nan="strings",
    )
