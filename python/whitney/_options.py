"""Options as the declarations name them."""

from __future__ import annotations

import inspect
import textwrap
from typing import Any, Callable


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


def option_lines(options: list[dict]) -> list[str]:
    """What a page says of declared options: name, type, default and help."""
    lines = []
    for option in options:
        lines.append(f"{option['name']} : {option['type']}, default {option['default']!r}")
        lines.append(textwrap.indent(textwrap.fill(option["help"], 96), "    "))
    return lines


def declare(function: Callable, options: list[dict], page: str) -> None:
    """Writes declared options into the signature of a function that takes **options, and into its page at {options}."""
    function.__doc__ = page.format(options="\n".join(option_lines(options)))
    signature = inspect.signature(function)
    own = [p for p in signature.parameters.values() if p.kind is not p.VAR_KEYWORD]
    declared = [inspect.Parameter(option["name"], inspect.Parameter.KEYWORD_ONLY, default=option["default"])
                for option in options if option["name"] not in signature.parameters]
    function.__signature__ = signature.replace(parameters=own + declared)
