"""`arc-solver doctor`."""

from __future__ import annotations

import json
import sys

import click

from arc_solver.doctor import examine


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(as_json: bool) -> None:
    """Say what this machine can do: versions, cores, memory, disk, sandbox, bundled weights, and what is missing.

    Exit code 0 if `arc-solver solve` can run with all proposers, 1 if something is missing.
    """
    findings = examine()
    if as_json:
        json.dump([finding.to_json() for finding in findings], sys.stdout, indent=2)
        sys.stdout.write("\n")
    else:
        for finding in findings:
            click.echo(f"{'ok     ' if finding.good else 'MISSING'}  {finding.name:<14} {finding.text}")
    sys.exit(0 if all(finding.good for finding in findings) else 1)
