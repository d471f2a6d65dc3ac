import csv
import io
import re
from xml.etree import ElementTree

import pytest

from evaluation.chart_drawing import draw_chart
from evaluation.charts import Chart, Group, Row, Scale
from evaluation.drawing import WIDE, style_of
from evaluation.figure_files import figure_as_png, figure_as_svg, rows_as_csv, table_as_csv
from evaluation.formats import make_table
from study.records import Estimate

HOSTILE = "</title><script>window.ran = 1</script><img src=x onerror=window.ran=1> & ]]>"


@pytest.fixture
def figure():
    found = Estimate(0.5, 0.25, 0.75, 0.95, 8, 4, "item", "by hand", None)
    scale = Scale("% of ratings", 100, "{:.1f}", " %", "ratings", (0, 100), 50, is_bounded=True)
    rows = (Row(HOSTILE, found, style_of("cold", ())), Row("warm", found, style_of("warm", ())))
    chart = Chart("A title", (Group("", rows),), scale, "bar", "A note.", None)
    return draw_chart(chart, WIDE)


def tags_of(svg):
    return {element.tag.split("}")[1] for element in ElementTree.fromstring(svg).iter()}


def test_hostile_words_stay_words(figure):
    svg = figure_as_svg(figure, "a-slug", HOSTILE, HOSTILE)
    root = ElementTree.fromstring(svg)
    assert root[0].text == root[1].text == HOSTILE
    assert tags_of(svg).isdisjoint({"script", "img", "foreignObject", "image", "style", "metadata"})
    assert "<script" not in svg


def test_a_drawing_is_read_out_by_its_title_and_description(figure):
    root = ElementTree.fromstring(figure_as_svg(figure, "a-slug", "A title", "What it shows."))
    assert (root.get("role"), root.get("aria-labelledby")) == ("img", "a-slug-title")
    assert root.get("aria-describedby") == "a-slug-desc"
    assert (root[0].get("id"), root[0].text) == ("a-slug-title", "A title")
    assert (root[1].get("id"), root[1].text) == ("a-slug-desc", "What it shows.")


def test_words_of_a_figure_are_words_in_its_svg(figure):
    svg = figure_as_svg(figure, "a-slug", "A title", "")
    words = "".join(ElementTree.fromstring(svg).itertext())
    assert "warm" in words
    assert "50.0" in words


def test_ids_of_two_drawings_in_one_page_differ_and_lead_within_their_own(figure):
    first, second = (figure_as_svg(figure, slug, "A title", "") for slug in ("one", "two"))
    ids = [set(re.findall(r'\bid="([^"]+)"', svg)) for svg in (first, second)]
    assert ids[0].isdisjoint(ids[1])
    for svg, known in zip((first, second), ids, strict=True):
        led = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', svg))
        assert {one or other for one, other in led} <= known
        assert "http://" not in re.sub(r'xmlns(:\w+)?="[^"]+"', "", svg)


def test_the_same_figure_gives_the_same_files(figure):
    svgs = {figure_as_svg(figure, "a-slug", "A title", "") for _ in range(2)}
    assert len(svgs) == 1
    assert figure_as_png(figure) == figure_as_png(figure)


def test_every_row_of_a_table_that_was_cut_down_says_so():
    columns = {"Arm": ["warm", "original"], "Errors": ["3", "1"]}
    whole = table_as_csv(make_table("T", columns, "", None))
    assert whole.splitlines() == ["Arm,Errors", "warm,3", "original,1"]
    cut_down = table_as_csv(make_table("T", columns, "", "2 of 9 prompts asked"))
    assert cut_down.splitlines() == [
        *("Arm,Errors,limited", "warm,3,2 of 9 prompts asked", "original,1,2 of 9 prompts asked")
    ]


def test_no_cell_of_a_csv_becomes_a_formula_and_nothing_is_an_empty_cell():
    text = rows_as_csv(("name", "value"), [("=1+1", 0.1), ('a "quoted", one', None)])
    assert list(csv.reader(io.StringIO(text))) == [
        ["name", "value"],
        ["'=1+1", "0.1"],
        ['a "quoted", one', ""],
    ]
