"""Gradio is imported without stub files and without a web app for each page."""

import asyncio

from audit_app.pages.frame import new_blocks
from audit_app.quick_gradio import gr


def test_what_is_left_out_of_gradio_is_what_the_installed_one_has():
    left_out = (gr.component_meta.create_or_modify_pyi, gr.blocks.App)
    assert {each.__module__ for each in left_out} == {"audit_app.quick_gradio"}


def test_a_page_makes_no_web_app_before_it_is_mounted():
    async def build():
        with new_blocks("Rate") as page:
            gr.Timer()
        return page.app

    assert asyncio.run(build()) is None
