"""Packages that whitney uses where they are installed."""

from __future__ import annotations

import importlib

from ._whitney import Error


def require(package: str, purpose: str):
    """Imports a package, or says in a sentence what it is needed for."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        top = package.partition(".")[0]
        raise Error(f"{purpose} needs the package {top}, which is not installed (pip install {top})") from error
