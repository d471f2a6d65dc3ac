"""Gradio without two things that every start paid for: pages take `gr` from here, not from gradio.

On import Gradio 6.31 writes a stub file for editors beside each of its components, which is 2 of
its 4.4 s. And each page makes itself three web apps, of 0.15 s, of which only the one that
`mount_gradio_app` makes is served. Without both the app starts in little more than half the time.
A Gradio that has neither is imported as it is.
"""

import importlib.util
import sys
from importlib import import_module
from typing import Any


class _NeverServed:
    """Stands for the web app of a page, which is mounted later and gets one then."""

    @staticmethod
    def create_app(*_: Any, **__: Any) -> None:
        return None


def _import_gradio() -> None:
    spec = importlib.util.find_spec("gradio")
    assert spec is not None
    assert spec.loader is not None
    package = sys.modules["gradio"] = importlib.util.module_from_spec(spec)
    # the package makes its components while it is imported, so this comes before
    _replace("gradio.component_meta", "create_or_modify_pyi", lambda *_: None)
    spec.loader.exec_module(package)


def _replace(module: str, name: str, value: object) -> None:
    try:
        found = import_module(module)
    except ImportError:
        return
    if hasattr(found, name):
        setattr(found, name, value)


if "gradio" not in sys.modules:
    _import_gradio()
_replace("gradio.blocks", "App", _NeverServed)

import gradio as gr  # noqa: E402 - is there already, in the form that it was given above

__all__ = ["gr"]
