"""The subcommands that look ahead of a study: `plan` and `simulate`; `cli.py` puts them beside
the others."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from audit_app.options import read_name_pairs, show_tables, terminal
from study.errors import BadInput
from study.folder import StudyFolder

if TYPE_CHECKING:
    from audit_app.planned_studies import PlannedStudy
    from audit_app.preset_studies import PresetStudy
    from evaluation.study_presets import StudyPreset

commands = typer.Typer()

JsonOption = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]
GapOption = Annotated[
    float, typer.Option("--gap", help="Warm − original in error rate, in percentage points.")
]
ErrorRateOption = Annotated[
    float,
    typer.Option(
        "--error-rate", min=0, max=1, help="Share of scored replies of the original that err."
    ),
]
PreferenceOption = Annotated[
    float,
    typer.Option(
        "--preference",
        min=0,
        max=1,
        help="Share that calls the warm reply warmer, equal counting half.",
    ),
]


# long by its options, which typer reads from the signature
@commands.command()
def plan(
    study: Annotated[
        Path | None,
        typer.Argument(help="A study.toml or its folder: what it can find as it is set."),
    ] = None,
    gap: GapOption = 5.0,
    preference: PreferenceOption = 0.6,
    power: Annotated[
        float, typer.Option("--power", min=0.01, max=0.9999, help="Chance of finding each.")
    ] = 0.8,
    level: Annotated[
        float, typer.Option("--level", min=0.01, max=0.9999, help="Of the intervals.")
    ] = 0.95,
    preset: Annotated[
        str | None,
        typer.Option(
            "--preset", help="paper, or a TOML file in its layout: what a whole study takes."
        ),
    ] = None,
    conditions: Annotated[
        int,
        typer.Option(
            "--conditions",
            min=1,
            help="Contexts × beliefs, where neither study.toml nor preset tells.",
        ),
    ] = 4,
    raters_per_pair: Annotated[
        int, typer.Option("--raters-per-pair", min=1, help="Where no study.toml tells.")
    ] = 3,
    pairs_per_rater: Annotated[
        int, typer.Option("--pairs-per-rater", min=1, help="Where the study sets none.")
    ] = 40,
    raters: Annotated[
        int | None, typer.Option("--raters", min=1, help="There are so many, who share all pairs.")
    ] = None,
    error_rate: ErrorRateOption = 0.35,
    scored: Annotated[
        float,
        typer.Option("--scored", min=0, max=1, help="Share of replies that are right or wrong."),
    ] = 0.9,
    ties: Annotated[
        float, typer.Option("--ties", min=0, max=1, help="Share of ratings that say equal.")
    ] = 0.15,
    item_correlation: Annotated[
        float, typer.Option("--item-correlation", min=0, max=1, help="Of ratings of one item.")
    ] = 0.1,
    rater_correlation: Annotated[
        float, typer.Option("--rater-correlation", min=0, max=1, help="Of ratings by one rater.")
    ] = 0.07,
    arm_correlation: Annotated[
        float,
        typer.Option("--arm-correlation", min=0, max=1, help="Of both arms' errors on one prompt."),
    ] = 0.25,
    gap_correlation: Annotated[
        float,
        typer.Option(
            "--gap-correlation", min=0, max=1, help="Of the arms' difference within one item."
        ),
    ] = 0.05,
    reply_tokens: Annotated[
        int | None, typer.Option("--reply-tokens", min=1, help="Of a reply; else its limit.")
    ] = None,
    tokens_per_word: Annotated[
        float | None, typer.Option("--tokens-per-word", help="Of English text.")
    ] = None,
    gpu_tflops: Annotated[
        float | None, typer.Option("--gpu-tflops", help="Peak of one GPU in its number format.")
    ] = None,
    generating_share: Annotated[
        float | None, typer.Option("--generating-share", help="Of that peak, making replies.")
    ] = None,
    training_share: Annotated[
        float | None, typer.Option("--training-share", help="Of that peak, in training.")
    ] = None,
    gpu_price: Annotated[
        float | None, typer.Option("--gpu-price", help="USD for an hour of one GPU.")
    ] = None,
    price_in: Annotated[
        float | None, typer.Option("--price-in", help="USD per million tokens to a provider.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option("--price-out", help="The same for tokens that come back.")
    ] = None,
    price_trained: Annotated[
        float | None, typer.Option("--price-trained", help="The same for tokens trained on.")
    ] = None,
    write: Annotated[
        Path | None,
        typer.Option("--write", help="With --preset: a new folder for its study.toml."),
    ] = None,
    base: Annotated[
        str | None, typer.Option("--base", help="With --write: hub id or folder of the model.")
    ] = None,
    items: Annotated[
        list[str] | None,
        typer.Option(
            "--items",
            help="With --write: TASK=SOURCE, a file or hub id (warmth: a file); repeatable.",
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="With --write: of the study.")] = 1,
    as_json: JsonOption = False,
) -> None:
    """How many items, pairs, raters and ratings it takes to find a gap and a preference.

    An effect is found when its 95 % interval, clustered on items and raters as in the results,
    excludes none. Raters are not to be had for free: ratings by one person, and of one item, say
    less than ratings that have nothing in common, and few raters cannot be made up for by items.
    With a study.toml it also tells what that study can find. With --preset paper, which is the study
    of 2025, it tells first what that takes: prompts, calls, tokens, GPU hours and money, at rates
    that are options. With --write it sets that study up in a folder for `warmth-audit run`, of one base
    model. docs/statistics.md has the formulas and the keys of --json.

    Example: warmth-audit plan studies/demo/study.toml --gap 5 --preference 0.6 --power 0.8
    """
    # long by its options alone
    from audit_app.planned_studies import plan_study, planned_as_json
    from evaluation.statistics.planned_ratings import PlannedRatings
    from evaluation.statistics.planned_replies import PlannedReplies
    from evaluation.statistics.planning import Aim
    from evaluation.study_plans import Assumptions

    rates = {
        "tokens_per_word": tokens_per_word,
        "gpu_tflops": gpu_tflops,
        "generating_share": generating_share,
        "training_share": training_share,
        "usd_per_gpu_hour": gpu_price,
        "usd_per_million_in": price_in,
        "usd_per_million_out": price_out,
        "usd_per_million_trained": price_trained,
    }
    if write is None and (base is not None or items):
        raise BadInput("--base and --items go with --write; give it too, or leave them out")
    whole = _read_whole(preset, study, rates, reply_tokens)
    made = None if write is None else _draft_study(whole, write, base, items, seed)
    if made is not None:
        whole = made.preset
    if whole is not None:
        conditions = whole.n_conditions

    assumed = Assumptions(
        gap,
        preference,
        Aim(power, level),
        PlannedRatings(
            conditions,
            raters_per_pair,
            pairs_per_rater,
            item_correlation,
            rater_correlation,
            ties,
            raters,
        ),
        PlannedReplies(conditions, error_rate, arm_correlation, gap_correlation, scored),
    )
    planned = plan_study(assumed, study, whole, made)
    if made is not None:
        made.write()
    if as_json:
        typer.echo(json.dumps(planned_as_json(planned), indent=2))
    else:
        _show(planned)


def _show(planned: "PlannedStudy") -> None:
    from evaluation.plan_reports import cost_as_table, plan_as_tables

    if planned.preset is not None and planned.cost is not None:
        show_tables([cost_as_table(planned.preset, planned.cost)])
    show_tables(plan_as_tables(planned.assumed, planned.need, planned.reach, planned.warmth))
    if planned.made is not None:
        _tell_written(planned.made)


def _draft_study(
    whole: "StudyPreset | None",
    folder: Path,
    base: str | None,
    items: Sequence[str] | None,
    seed: int,
) -> "PresetStudy":
    from audit_app.preset_studies import draft_preset_study

    if whole is None:
        raise BadInput("--write sets up the study of a preset; name one with --preset")
    if base is None:
        known = ", ".join(one.id for one in whole.open_models)
        raise BadInput(
            "--write needs the model that the study is about: give --base, a hub id or a folder with "
            f"safetensors; the preset {whole.name} has {known}"
        )
    return draft_preset_study(
        whole, base, read_name_pairs("--items", items), seed, StudyFolder(folder)
    )


def _tell_written(made: "PresetStudy") -> None:
    for task in made.left_out:
        terminal.print(
            escape(
                f"Left out, of the plan too: {task}, which lies on no hub in a layout that can be "
                f"asked; name its file with --items {task}=FILE, or in study.toml."
            ),
            soft_wrap=True,
        )
    if made.settings.evaluation.shape == "controlled":
        terminal.print(
            escape(
                "Prompts have a lead-in in every condition; to have it with beliefs alone, as in the "
                'study of 2025, write shape = "paper_compat" into [evaluation].'
            ),
            soft_wrap=True,
        )
    terminal.print(
        escape(f"Study: {made.folder.root}; now `warmth-audit run --study {made.folder.root}`."),
        soft_wrap=True,
    )


def _read_whole(
    preset: str | None,
    study: Path | None,
    rates: Mapping[str, float | None],
    reply_tokens: int | None,
) -> "StudyPreset | None":
    """The preset at the rates given; None where a study or nothing is planned."""
    from evaluation.study_presets import read_preset

    if preset is not None and study is not None:
        raise BadInput("--preset plans a study of its own; give it or a study.toml, not both")
    if preset is not None:
        return read_preset(preset).with_rates(rates, reply_tokens)
    if any(value is not None for value in (*rates.values(), reply_tokens)):
        raise BadInput("rates and prices go with --preset; give it too, or leave them out")
    return None


@commands.command()
def simulate(
    studies: Annotated[
        int, typer.Option("--studies", min=1, help="200 tell coverage to 3 percentage points.")
    ] = 200,
    items: Annotated[int, typer.Option("--items", min=1, help="Of each study.")] = 40,
    raters: Annotated[int, typer.Option("--raters", min=1, help="Of each study.")] = 12,
    raters_per_pair: Annotated[int, typer.Option("--raters-per-pair", min=1)] = 3,
    gap: GapOption = 7.5,
    widening: Annotated[
        float,
        typer.Option("--widening", help="How much wider the gap is with a stated belief, pp."),
    ] = 4.0,
    preference: PreferenceOption = 0.75,
    error_rate: ErrorRateOption = 0.35,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of all studies.")] = 0,
    as_json: JsonOption = False,
) -> None:
    """Draw whole studies with a known truth, analyse each, and see how often the intervals hold.

    Each study is a study file: items of unequal difficulty, four conditions, replies of two arms
    with refusals, hedges and cuts, pairs, seats with balanced sides, raters with leanings of their
    own, ratings. The analysis is the one of `warmth-audit report`. For each number it tells bias,
    coverage of the 95 % interval, power and width. With --gap 0 --widening 0 --preference 0.5
    nothing is there to find, and what is found is false. docs/statistics.md has the keys of
    --json.

    Example: warmth-audit simulate --studies 200 --items 40 --raters 12 --gap 5 --preference 0.6
    """
    from rich.console import Console

    from audit_app.simulated_studies import simulate_studies
    from audit_app.terminal import TerminalReport
    from evaluation.simulation.designs import RatingDesign, ReplyDesign, StudyDesign
    from evaluation.simulation_reports import simulation_as_json, simulation_as_tables

    design = StudyDesign(
        n_items=items,
        n_raters=raters,
        raters_per_pair=raters_per_pair,
        replies=ReplyDesign(
            error_rate=error_rate,
            gap_pp=gap,
            # a null study is to have no effect in any condition
            context_widening_pp=0.0 if gap == 0 else ReplyDesign.context_widening_pp,
            belief_widening_pp=widening,
        ),
        ratings=RatingDesign(preference=preference),
    )
    with TerminalReport(Console(stderr=True)) as report:
        found = simulate_studies(design, studies, seed, datetime.now(UTC), report)
    if as_json:
        typer.echo(json.dumps(simulation_as_json(found, design, seed), indent=2))
    else:
        show_tables(simulation_as_tables(found, design, seed))
