"""What axe-core finds wrong with a page, held to WCAG 2.2 too."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# the one rule of WCAG 2.2 AA that axe has, and leaves off unless it is asked for
OPTIONS = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}


def axe_findings(page: Page) -> dict[str, list[object]]:
    """Where each rule is broken, by rule."""
    found = Axe().run(page, options=OPTIONS).response["violations"]
    return {rule["id"]: [node["target"] for node in rule["nodes"]] for rule in found}
