"""Options as the declarations name them."""

from __future__ import annotations

from typing import Any


def given_options(options: dict[str, Any]) -> dict[str, Any]:
    """Dotted names of parts from keywords: base__dim=128 is base.dim, and base=FastRP(dim=128) gives the part whole."""
    given: dict[str, Any] = {}
    for name, value in options.items():
        name = name.replace("__", ".")
        part = getattr(value, "_whitney_method", None)
        if part is None:
            given[name] = value
            continue
        given[name] = part["name"]
        for inner, inner_value in value._given().items():
            given[f"{name}.{inner}"] = inner_value
    return given
