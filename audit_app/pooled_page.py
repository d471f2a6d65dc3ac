"""The page of pooled studies put together: findings, sections, methods, hashes and versions."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from audit_app.pooled_studies import OpenStudy
from audit_app.report_page import methods_in
from audit_app.study_report import when
from evaluation.formats import count_of, level_of
from evaluation.html_report import MethodNote, ReportPage
from evaluation.pooled_reports import PooledNotes
from evaluation.pooled_sections import pooled_figures, pooled_sections, tell_pooled
from evaluation.statistics.outcomes import ADOPTION_DEFINITION, choose_definition
from evaluation.statistics.pooled_studies import PooledStudies


def build_pooled_page(
    found: PooledStudies,
    notes: PooledNotes,
    studies: Sequence[OpenStudy],
    versions: Mapping[str, str],
    now: datetime,
) -> ReportPage:
    """Everything that stands in the HTML file.

    Args:
        studies: in the order of the models.
        versions: of the packages that the numbers and figures come from.
        now: when the file is made, in UTC.
    """
    named = [
        f"{model}: study {study.settings.name}, SHA-256 of its settings {study.settings.sha256}"
        for model, study in zip(found.models, studies, strict=True)
    ]
    definition = choose_definition(found.definition)
    words = (
        f"Errors, {definition.name}: {definition.words}.",
        f"Adoption: {ADOPTION_DEFINITION}.",
    )
    packages = ", ".join(f"{name} {version}" for name, version in versions.items())
    methods = (
        MethodNote("Studies", (*named, *notes.left_out)),
        MethodNote("Definitions", words),
        MethodNote(f"How {level_of(found.level)} were made", tuple(methods_in(found))),
        MethodNote("Seed", (f"{found.seed}, of the resampling",)),
        MethodNote("Made with", (packages,)),
    )
    questions = dict.fromkeys(study.settings.question for study in studies)
    return ReportPage(
        name=f"{count_of(len(found.models), 'model')} together",
        question=" ".join(questions),
        is_sealed=False,
        findings=tuple(tell_pooled(found)),
        key_figures=tuple(pooled_figures(found)),
        sections=tuple(pooled_sections(found, notes)),
        methods=methods,
        made_at=f"as of {when(now.isoformat())}",
        limited=notes.limited,
    )
