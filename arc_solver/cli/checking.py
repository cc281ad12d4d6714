"""`arc-solver doctor`."""

from __future__ import annotations

import json
import sys

import click

from arc_solver.doctor import Diagnosis, examine


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> None:
    """Say what this machine can do: versions, cores, memory, disk, sandbox, bundled weights, and what is missing.

    Exit code 0 if `arc-solver solve` can run with all proposers, 1 if something is missing.
    """
    diagnosis = examine()
    if as_json:
        json.dump(diagnosis.to_json(), sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for finding in diagnosis.findings:
            click.echo(f"{'ok     ' if finding.good else 'MISSING'}  {finding.name:<14} {finding.text}")
            if finding.name == "sandbox":
                _show_layers(diagnosis)
    sys.exit(0 if diagnosis.good else 1)


def _show_layers(diagnosis: Diagnosis) -> None:
    for layer in diagnosis.layers:
        click.echo(f"{'':<9}{'on ' if layer.active else 'off'} {layer.name:<14} {layer.why_not}".rstrip())
