"""Figures and tables as files: SVG, PNG and CSV; and SVG to stand within a page.

Words of a figure stay words in its SVG, so that they can be read out, found and copied. Every
text is escaped by the XML writer; what an SVG refers to is inside it.
"""

import csv
import io
import re
import threading
from collections.abc import Iterable, Sequence
from typing import Any
from xml.etree import ElementTree

from matplotlib import rc_context
from matplotlib.figure import Figure

from evaluation.formats import Table
from study.spreadsheet_cells import as_safe_cell

_SVG = "http://www.w3.org/2000/svg"
_HREF = "{http://www.w3.org/1999/xlink}href"
_UNWANTED = ("metadata", "style")
# rc_context changes settings of the whole process for as long as it lasts
_settings_lock = threading.Lock()


def figure_as_svg(figure: Figure, slug: str, title: str, alt_text: str) -> str:
    """An SVG element that can stand in a page beside others.

    Args:
        slug: begins every id in it; no two of one page may have the same.
        title, alt_text: read out in place of the drawing; any text.
    """
    stream = io.StringIO()
    with _settings_lock, rc_context({"svg.fonttype": "none", "svg.hashsalt": slug}):
        figure.savefig(stream, format="svg", transparent=True, metadata={"Date": None})
    root = ElementTree.fromstring(stream.getvalue())
    for parent in list(root.iter()):
        for child in list(parent):
            if child.tag in {f"{{{_SVG}}}{name}" for name in _UNWANTED}:
                parent.remove(child)
    for element in root.iter():
        _prefix_references(element, slug)
    _describe(root, slug, title, alt_text)
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _HREF[1:].split("}")[0])
    return ElementTree.tostring(root, encoding="unicode")


def figure_as_png(figure: Figure) -> bytes:
    """The figure as a picture on white."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png", metadata={"Software": None})
    return stream.getvalue()


def rows_as_csv(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A CSV file that no spreadsheet takes for formulas; what is None is an empty cell."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    writer.writerows([[as_safe_cell(cell) for cell in row] for row in (columns, *rows)])
    return stream.getvalue()


def table_as_csv(table: Table) -> str:
    """A table as such a file; where the study was cut down, the last column says how in every row."""
    if table.limited is None:
        return rows_as_csv(table.columns, table.rows)
    rows = [(*row, table.limited) for row in table.rows]
    return rows_as_csv((*table.columns, "limited"), rows)


def _prefix_references(element: ElementTree.Element, slug: str) -> None:
    """Let ids of one figure differ from those of all others."""
    for name, value in element.attrib.items():
        if name == "id":
            element.set(name, f"{slug}-{value}")
        elif name == _HREF:
            element.set(name, re.sub("^#", f"#{slug}-", value))
        else:
            element.set(name, value.replace("url(#", f"url(#{slug}-"))


def _describe(root: ElementTree.Element, slug: str, title: str, alt_text: str) -> None:
    for place, (tag, words) in enumerate((("title", title), ("desc", alt_text))):
        element = ElementTree.Element(f"{{{_SVG}}}{tag}", {"id": f"{slug}-{tag}"})
        element.text = words
        root.insert(place, element)
    root.attrib.pop("id", None)
    # the size is the page's; the shape stays
    for side in ("width", "height"):
        root.attrib.pop(side)
    root.set("role", "img")
    root.set("aria-labelledby", f"{slug}-title")
    root.set("aria-describedby", f"{slug}-desc")
