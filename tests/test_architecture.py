"""What no reviewer should have to check by eye: import direction, one writer, blinding."""

import ast
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import duckdb

from study.records import BlindedPair, BlindedReply

ROOT = Path(__file__).parent.parent
MAY_IMPORT = {
    "study": set(),
    "training": {"study", "evaluation.serving"},
    "evaluation": {"study"},
    "audit_app": {"study", "training", "evaluation"},
}
HEAVY = ("torch", "transformers", "peft", "trl", "accelerate", "datasets", "gguf", "ray")
# SQL keywords are upper case here, so prose and ON CONFLICT DO UPDATE SET do not match
WRITES = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM)\s+([a-z_]+)")
APPENDERS = re.compile(
    r"\.(?:appender|append|query_appender)\(\s*[\"']([a-z_]+)[\"']\s*,\s*columns"
)
TELLS_ARMS = re.compile(r"\b(?:arm|arms|served_model_id|model_name|adapter_sha256)\b")
ASKS_DATABASE = {
    name
    for name in dir(duckdb.DuckDBPyConnection)
    if re.match("execute|cursor|sql|query|table", name)
}
# tables whose rows are a record of what happened; old drafts are
# removed by design, and identities can be erased
RECORDS = (
    "ratings|assignments|flags|audit_decisions|response_attempts|grades|pairs|prompts|items|"
    "training_runs|served_models|study_versions|handed_in|raters|rater_states|used_links|link_renewals|"
    "onboarding_steps|exit_surveys|remarks|gold_pairs|holds|hold_releases|study_events|rewrites|"
    "context_sentences|warmth_scores|checkpoint_replies|checkpoint_choices|"
    "control_questions|control_attempts|control_grades"
)


def modules():
    for package in MAY_IMPORT:
        for path in (ROOT / package).rglob("*.py"):
            yield package, path


def our_imports(source: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in MAY_IMPORT}


def allowed(package: str, name: str) -> bool:
    floors = MAY_IMPORT[package] | {package}
    return any(name == floor or name.startswith(floor + ".") for floor in floors) or any(
        floor.startswith(name + ".") for floor in floors
    )


def test_imports_point_one_way():
    wrong = {
        f"{path.relative_to(ROOT)} imports {name}"
        for package, path in modules()
        for name in our_imports(path.read_text())
        if not allowed(package, name)
    }
    assert wrong == set()


def test_a_table_has_one_writer():
    writers: dict[str, set[str]] = {}
    for _, path in modules():
        if path.name == "migrations.py":
            continue  # keeps its own table, and creates all others
        source = path.read_text()
        for table in WRITES.findall(source) + APPENDERS.findall(source):
            writers.setdefault(table, set()).add(str(path.relative_to(ROOT)))
    assert {table: paths for table, paths in writers.items() if len(paths) > 1} == {}
    assert {"ratings", "assignments", "response_attempts", "grades", "pairs"} <= writers.keys()


def test_rows_of_record_are_never_changed():
    changes = re.compile(rf"\b(?:UPDATE|DELETE FROM)\s+(?:{RECORDS})\b|DO UPDATE")
    places = {
        str(path.relative_to(ROOT)) for _, path in modules() if changes.search(path.read_text())
    }
    assert places == set()


def test_what_a_rater_may_see_of_a_pair_has_no_arm():
    assert {field.name for field in fields(BlindedPair)} == {
        "token",
        "prompt_text",
        "left_text",
        "right_text",
    }


def test_what_an_auditor_may_see_of_a_reply_has_no_arm():
    assert {field.name for field in fields(BlindedReply)} == {
        "token",
        "prompt_text",
        "reply_text",
        "reference",
        "stated_answer",
        "flag_reason",
    }


def module_path(name: str) -> Path | None:
    path = ROOT / Path(*name.split("."))
    return next((p for p in (path.with_suffix(".py"), path / "__init__.py") if p.is_file()), None)


def reachable(name: str) -> set[str]:
    """Our modules that importing one brings in, itself and packages on the way included."""
    found: set[str] = set()
    waiting = {name}
    while waiting:
        at = waiting.pop()
        path = module_path(at)
        if path is not None and at not in found:
            found.add(at)
            parts = at.split(".")
            waiting |= {".".join(parts[:n]) for n in range(1, len(parts))}
            waiting |= our_imports(path.read_text())
    return found


def names_an_arm(name: str) -> bool:
    """Whether a module reads, in SQL or of a record, what tells one arm from another."""
    path = module_path(name)
    assert path is not None
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Attribute) and TELLS_ARMS.fullmatch(node.attr):
            return True
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and "SELECT" in node.value and TELLS_ARMS.search(node.value):
            return True
    return False


def test_the_search_for_modules_that_name_arms_finds_those_that_do():
    named = {"evaluation.statistics.tables", "audit_app.unblinding", "evaluation.pairs"}
    assert {name for name in named if names_an_arm(name)} == named
    assert named <= reachable("audit_app.app") | reachable("audit_app.pipeline")


def test_pages_for_raters_cannot_reach_an_arm():
    for page in ("rate", "start", "welcome", "frame"):
        reached = reachable(f"audit_app.pages.{page}")
        assert {name for name in reached if names_an_arm(name)} == set(), page
        assert "study.settings" not in reached, page


def test_the_auditors_page_reaches_arms_through_one_function():
    reached = reachable("audit_app.pages.audit")
    assert {name for name in reached if names_an_arm(name)} == {"audit_app.unblinding"}
    used = {
        name
        for module in reached
        for name in our_imports(module_path(module).read_text())
        if name.startswith("audit_app.unblinding")
    }
    assert used == {"audit_app.unblinding", "audit_app.unblinding.tell_arms"}


def test_pages_hand_their_connection_on_and_ask_it_nothing():
    # a page holds the connection to hand it to domain functions, which could read anything by it
    for path in (ROOT / "audit_app" / "pages").glob("*.py"):
        tree = ast.walk(ast.parse(path.read_text()))
        asked = {node.attr for node in tree if isinstance(node, ast.Attribute)} & ASKS_DATABASE
        assert asked == set(), path


def test_the_command_line_and_the_app_need_nothing_of_the_extras_train_and_ray():
    names = ", ".join(repr(name) for name in HEAVY)
    code = (
        "import sys\n"
        f"class Closed:\n"
        f"    def find_spec(self, name, path=None, target=None):\n"
        f"        if name.split('.')[0] in ({names}):\n"
        f"            raise ModuleNotFoundError(name)\n"
        "sys.meta_path.insert(0, Closed())\n"
        "import audit_app.cli, audit_app.serving_app, audit_app.run\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
