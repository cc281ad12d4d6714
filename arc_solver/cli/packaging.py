"""`arc-solver package`."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self, cast

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from arc_solver.cli.common import new_console, told_plainly
from arc_solver.errors import InputError
from arc_solver.packaging.bundle import Bundle, Order, build, check, plan_wheels
from arc_solver.packaging.downloading import default_cache
from arc_solver.packaging.images import WHEEL_MODES, Target, WheelsMode, accelerators, image_names, load_target
from arc_solver.packaging.metadata import LICENCE, SLUG, TITLE, Names
from arc_solver.packaging.parts import Limits
from arc_solver.packaging.resolution import describe
from arc_solver.packaging.wheel import build_wheel

_UNITS = {"": 1, "K": 10**3, "M": 10**6, "G": 10**9}
_COMPETITION = "arc-prize-2026-arc-agi-2"


class Size(click.ParamType):  # type: ignore[type-arg]  # a generic only since click 8.4
    """A number of bytes such as `500M` or `20G`."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"(\d+)([KMG]?)B?", str(value).strip().upper())
        if found is None or int(found[1]) == 0:
            self.fail(f"{value!r} is no size such as 500M or 20G", param, ctx)
        return int(found[1]) * _UNITS[found[2]]


@click.command(
    short_help="Build a dataset and a notebook for Kaggle.",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for the bundle.")
@click.option("--owner", help="Your Kaggle name, as in the address of your profile.")
@click.option("--slug", default=SLUG, show_default=True, help="The dataset's name in its address, 6 to 50 characters.")
@click.option("--title", default=TITLE, show_default=True, help="The dataset's title, 6 to 50 characters.")
@click.option("--subtitle", default="", help="A line below the title, 20 to 80 characters.")
@click.option("--licence", default=LICENCE, show_default=True, help="One of Kaggle's names of licences.")
@click.option(
    "--model", type=click.Path(path_type=Path), help="Folder of your causal LM. Default: the bundled weights."
)
@click.option(
    "--adapter", help="Folder of a LoRA for the model, or `none`. Default: the bundled model's own; none with --model."
)
@click.option(
    "--accelerator",
    type=click.Choice(accelerators()),
    default="t4x2",
    show_default=True,
    help="The one that you will choose on Kaggle.",
)
@click.option(
    "--wheels",
    type=click.Choice(WHEEL_MODES),
    default="overlay",
    show_default=True,
    help="overlay: vLLM and what Kaggle's image lacks; full: everything, torch too; none: our own wheel only.",
)
@click.option("--competition", default=_COMPETITION, show_default=True, help="Its slug; '' attaches none.")
@click.option(
    "--model-source",
    "model_sources",
    metavar="OWNER/MODEL/FRAMEWORK/VARIATION/VERSION",
    multiple=True,
    help="A Kaggle model to attach to the notebook; name its folder in the notebook's FLAGS (kaggle/README.md).",
)
@click.option(
    "--image", help=f"Kaggle's image: {', '.join(image_names())}, or a .toml file. Default: the accelerator's."
)
@click.option("--python", help="For which Python the wheels are, such as 3.12. Default: the image's.")
@click.option("--part-size", type=Size(), default=Limits().part_bytes, help="Most bytes in one dataset. Default: 190G.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where wheels are kept between builds. Default: arc_solver/wheels in the user's cache folder.",
)
@click.option("--resolve", "resolves_anew", is_flag=True, help="Ask the index for today's versions, not the lock's.")
@click.option("--dry-run", is_flag=True, help="Say which wheels are needed; download and write nothing.")
@click.option("--check", "to_check", type=click.Path(path_type=Path), help="Check a bundle that was built before.")
@told_plainly
def package(
    out: Path | None,
    owner: str | None,
    slug: str,
    title: str,
    subtitle: str,
    licence: str,
    model: Path | None,
    adapter: str | None,
    accelerator: str,
    wheels: str,
    competition: str,
    model_sources: tuple[str, ...],
    image: str | None,
    python: str | None,
    part_size: int,
    cache: Path | None,
    resolves_anew: bool,
    dry_run: bool,
    to_check: Path | None,
) -> None:
    """Build what is uploaded to Kaggle: a dataset with code, weights and wheels, and a notebook that needs no internet.

    The same inputs give the same bytes. A build that was interrupted goes on with the wheels that it has. Before it
    ends, pip proves offline that every wheel which is needed on Kaggle is there.

    \b
    Examples:
      arc-solver package --out bundle --owner me                       two T4s, the bundled model
      arc-solver package --out bundle --owner me --wheels full         whatever torch the image has (5 GB)
      arc-solver package --out bundle --owner me --model qwen --adapter my-lora --accelerator l4x4
      arc-solver package --check bundle                                is it whole, are its wheels complete?
      arc-solver package --accelerator t4x2 --dry-run                  which wheels, how large

    \b
    It writes:
      OUT/dataset/     manifest.json, make_submission.py, wheels/, weights/ (or model/, adapter/)
      OUT/notebook/    arc-solver.ipynb, kernel-metadata.json

    Exit codes: 0 done, 2 something cannot be used; the message says what and why.
    """
    console = new_console()
    if to_check is not None:
        _show(console, check(to_check), f"{to_check}: whole, and its wheels are complete")
        return
    if python is not None and not re.fullmatch(r"3\.\d+", python):
        raise InputError(f"--python {python!r}: give a version such as 3.12")
    target = load_target(accelerator, cast(WheelsMode, wheels), image, python)
    cache = cache or default_cache()
    if dry_run:
        _list_wheels(console, target, cache, resolves_anew=resolves_anew)
        return
    if out is None or owner is None:
        raise InputError("give --out FOLDER and --owner NAME (your Kaggle name); --help has examples")
    order = Order(
        out=out,
        names=Names(owner, slug, title, subtitle, licence),
        target=target,
        cache=cache,
        model=model,
        adapter=adapter,
        competition=competition,
        model_sources=model_sources,
        limits=Limits(part_bytes=part_size),
        resolves_anew=resolves_anew,
    )
    with PackagingProgress(console) as progress:
        bundle = build(order, progress)
    _show(console, bundle, f"{out}: built for {describe(target)}; its wheels are complete")


class PackagingProgress:
    """Stages as lines, the download as a bar with sizes and the time that is left; plain lines where there is no
    terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
        )
        self._task: TaskID | None = None
        self._n_files = 0
        self._n_bytes = 0
        self._told = -1

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def stage(self, text: str) -> None:
        """A new stage begins."""
        self._console.print(text, markup=False, highlight=False)

    def expect(self, n_files: int, n_bytes: int) -> None:
        """So many wheels are needed, of so many bytes; 0 bytes if that is not known yet."""
        self._n_files, self._n_bytes = n_files, n_bytes
        self._task = self._bar.add_task("wheels", total=n_bytes or n_files, told="", start=False)

    def moved(self, n_files: int, n_bytes: int) -> None:
        """So many of them are there."""
        of = f" of {_megabytes(self._n_bytes)}" if self._n_bytes else ""
        told = f"{n_files} of {self._n_files} files, {_megabytes(n_bytes)}{of}"
        if self._task is not None:
            self._bar.update(self._task, completed=n_bytes if self._n_bytes else n_files, told=told)
            # Only from here on: what was in the cache says nothing of the speed.
            self._bar.start_task(self._task)
        if not self._console.is_terminal and n_files != self._told:
            self._told = n_files
            self._console.print(f"wheels: {told}", markup=False, highlight=False)


def _list_wheels(console: Console, target: Target, cache: Path, *, resolves_anew: bool) -> None:
    with TemporaryDirectory(prefix="arc-solver-") as temporary, PackagingProgress(console) as progress:
        own = build_wheel(Path(temporary))
        wheels = plan_wheels(target, own, cache, progress, resolves_anew=resolves_anew)
    for wheel in wheels:
        size = _megabytes(wheel.n_bytes) if wheel.n_bytes else "?"
        console.print(f"{size:>10}  {wheel.file}", markup=False, highlight=False)
    known = all(wheel.n_bytes for wheel in wheels)
    total = f", {_megabytes(sum(wheel.n_bytes for wheel in wheels))}" if known and wheels else ""
    console.print(f"{describe(target)}: {len(wheels)} wheels{total}", markup=False, highlight=False)


def _show(console: Console, bundle: Bundle, headline: str) -> None:
    def line(text: str) -> None:
        console.print(text, markup=False, highlight=False)

    for warning in bundle.warnings:
        line(f"warning: {warning}")
    line(headline)
    for folder, n_bytes in bundle.part_bytes().items():
        line(f"  {folder}: {_megabytes(n_bytes)}")
    line("to upload it (the client is `pip install kaggle`; `-r zip` packs the folders, Kaggle unpacks them):")
    for command in bundle.upload_commands():
        line(f"  {command}")
    line("to renew it later:")
    for command in bundle.renew_commands():
        line(f"  {command}")


def _megabytes(n_bytes: int) -> str:
    return f"{n_bytes / 1e9:.2f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.1f} MB"
