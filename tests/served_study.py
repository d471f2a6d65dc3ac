"""A small study beside a server double: its job, its plan and a warm adapter that is one by name."""

from pathlib import Path

from audit_app.access import FileAccess
from audit_app.pipeline import Job
from audit_app.training_stage import TrainingPlan
from study.folder import StudyFolder
from study.progress import Report, silent
from study.settings import DecodingSettings, EvaluationSettings, Settings
from training.base_models import BaseModel

PLAN = TrainingPlan(BaseModel("base-model", Path("base-model"), "base-hash"), (), {"warm": "run"})


def make_job(folder: Path, samples: int = 1, n_items: int = 2, report: Report = silent) -> Job:
    """A study of three arms; four prompts an item."""
    settings = Settings(
        name="served",
        question="Does every arm answer?",
        seed=7,
        arms=("original", "warm", "system-prompt"),
        evaluation=EvaluationSettings(
            item_limit=n_items, decoding=DecodingSettings(temperature=0.8, samples=samples)
        ),
    )
    study = StudyFolder(folder / "studies" / "served")
    return Job(study, settings, FileAccess(study, settings), report)


def make_adapters(folder: Path) -> dict[str, Path]:
    """Files that have a hash; what they hold, the double does not read."""
    adapter = folder / "warm"
    adapter.mkdir(exist_ok=True)
    (adapter / "adapter_config.json").write_text('{"r": 8}', encoding="utf-8")
    (adapter / "adapter_model.safetensors").write_bytes(b"weights")
    return {"warm": adapter}
