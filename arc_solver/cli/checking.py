"""`arc-solver doctor`."""

from __future__ import annotations

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import click

from arc_solver.cli.common import told_plainly
from arc_solver.config import RunConfig, load_preset, preset_names
from arc_solver.doctor.examination import Diagnosis, examine
from arc_solver.doctor.planning import (
    describe_devices,
    describe_host,
    describe_plan,
    plan_for,
    plan_json,
    preset_for,
)
from arc_solver.doctor.weights import asked_as_trained, check_files, made_up_tasks, rehearse_on
from arc_solver.engines.devices import SIMULATED, Machine, probe, simulated
from arc_solver.engines.plans import Plan, Refusal
from arc_solver.engines.preflight import Remark


@click.command(
    short_help="Say what this machine can do and what is missing.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--preset", help=f"Plan for it: {', '.join(preset_names())} or a .toml file. Default: what suits the machine."
)
@click.option(
    "--simulate", type=click.Choice(sorted(SIMULATED)), help="Plan for another machine, before you upload anything."
)
@click.option("--model", type=click.Path(path_type=Path), help="Check this model: files, digits, ends, one pass.")
@click.option("--adapter", type=click.Path(path_type=Path), help="Check this LoRA against the model.")
@told_plainly
def doctor(as_json: bool, preset: str | None, simulate: str | None, model: Path | None, adapter: Path | None) -> None:
    """Say what this machine can do, how the model would be run on it, and what is missing.

    With --model or --adapter it looks at those instead: a bad one is told in one message with what to do.

    \b
    Examples:
      arc-solver doctor                                       this machine
      arc-solver doctor --simulate t4x2 --model my-model      the plan on two T4s
      arc-solver doctor --model my-model --adapter my-lora    can they be used, here?

    Exit codes: 0 if `arc-solver solve` can run with all proposers, 1 if something is missing, 2 for a model or an
    adapter that cannot be used.
    """
    if simulate is not None or model is not None or adapter is not None:
        machine = simulated(simulate) if simulate else probe()
        preset = preset or preset_for(machine)
        config = load_preset(preset, **_chosen(model, adapter))
        sys.exit(
            _look_at_model(machine, preset, config, checks=model is not None or adapter is not None, as_json=as_json)
        )
    diagnosis = examine(preset)
    if as_json:
        _print_json(diagnosis.to_json())
    else:
        _show(diagnosis)
    sys.exit(0 if diagnosis.good else 1)


def _chosen(model: Path | None, adapter: Path | None) -> dict[str, Any]:
    if model is not None:
        return {"model": model, "adapter": adapter}
    return {} if adapter is None else {"adapter": adapter}


def _look_at_model(machine: Machine, preset: str, config: RunConfig, *, checks: bool, as_json: bool) -> int:
    """The plan for a model on a machine; with `checks`, everything that speaks against it, too."""
    remarks: tuple[Remark, ...] = ()
    if checks:
        remarks = check_files(config.model, config.adapter, served=False, context_length=config.engine.context_length)
    plan = plan_for(config, machine)
    if checks and isinstance(plan, Plan) and not plan.engines[0].merge_adapter:
        remarks = check_files(config.model, config.adapter, served=True, context_length=config.engine.context_length)
    if checks and isinstance(plan, Plan) and not machine.simulated:
        remarks += rehearse_on(asked_as_trained(config), plan.engines[0], made_up_tasks())
    if as_json:
        value = {"machine": machine.to_json(), "preset": preset, "plan": plan_json(plan)}
        _print_json(value | {"remarks": [dataclasses.asdict(remark) for remark in remarks]})
    else:
        click.echo(f"{'machine':<9}{machine.simulated or 'this one'}: {describe_devices(machine)}")
        click.echo(f"{'':<9}{describe_host(machine)}")
        for problem in machine.problems:
            click.echo(f"{'':<9}{problem}")
        click.echo(f"{'preset':<9}{preset}")
        click.echo(f"{'model':<9}{config.model}, adapter {config.adapter or 'none'}")
        for remark in remarks:
            click.echo(f"{remark.severity:<9}{remark.text()}")
        _show_plan(plan)
    return 1 if isinstance(plan, Refusal) else 0


def _show(diagnosis: Diagnosis) -> None:
    for finding in diagnosis.findings:
        click.echo(f"{'ok     ' if finding.good else 'MISSING'}  {finding.name:<14} {finding.text}")
        if finding.name == "sandbox":
            for layer in diagnosis.layers:
                click.echo(f"{'':<9}{'on ' if layer.active else 'off'} {layer.name:<14} {layer.why_not}".rstrip())
        if finding.name == "plan" and isinstance(diagnosis.plan, Plan):
            _show_plan(diagnosis.plan)


def _show_plan(plan: Plan | Refusal) -> None:
    for line in describe_plan(plan):
        click.echo(f"{'':<9}{line}")


def _print_json(value: Any) -> None:
    json.dump(value, sys.stdout, indent=2)
    sys.stdout.write("\n")
