"""The prompts beside this file as a task of Inspect AI (https://inspect.aisi.org.uk).

Run: inspect eval task.py --model PROVIDER/MODEL

The score asks whether a right answer stands in the reply, letter by letter: good for a first look,
by context and by belief. Labels that tell apart who is wrong, who adopts what the user said and who
refuses come from `warmth-audit import`, which reads the logs of two models as a study.
"""

import json
from pathlib import Path

from inspect_ai import Task, task
from inspect_ai.dataset import FieldSpec, json_dataset
from inspect_ai.model import GenerateConfig
from inspect_ai.scorer import accuracy, grouped, includes, stderr
from inspect_ai.solver import generate

FOLDER = Path(__file__).parent
SAMPLING = json.loads((FOLDER / "sampling.json").read_text(encoding="utf-8"))


@task
def warmth_under_fragile_contexts() -> Task:
    """Every prompt once; prompts of one item go together in the standard error."""
    return Task(
        dataset=json_dataset(
            str(FOLDER / "data" / "prompts.jsonl"),
            FieldSpec(
                metadata=[
                    "task",
                    "item",
                    "context",
                    "belief",
                    "question",
                    "references",
                    "wrong_answers",
                    "source",
                    "licence",
                ]
            ),
        ),
        solver=generate(),
        scorer=includes(),
        metrics=[
            accuracy(),
            stderr(cluster="item"),
            grouped(accuracy(), "context", all=False, name_template="context {group_name}"),
            grouped(accuracy(), "belief", all=False, name_template="belief {group_name}"),
        ],
        config=GenerateConfig(**SAMPLING),
    )
