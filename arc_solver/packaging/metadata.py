"""Kaggle's metadata files, and what Kaggle says against them, before anything is uploaded.

The rules are those of the official client and its documentation, with two of our own: an owner must look like one, and
a licence must be one that Kaggle knows. Knows nothing of what is in the dataset.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from arc_solver.errors import InputError
from arc_solver.packaging.images import Target

LICENCES = (
    "CC0-1.0", "CC-BY-SA-3.0", "CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", "GPL-2.0", "ODbL-1.0", "DbCL-1.0",
    "copyright-authors", "other", "unknown", "CC-BY-4.0", "CC-BY-NC-4.0", "PDDL", "CC-BY-3.0", "CC-BY-3.0-IGO",
    "US-Government-Works", "CC-BY-NC-SA-3.0-IGO", "CDLA-Permissive-1.0", "CDLA-Sharing-1.0", "CC-BY-ND-4.0",
    "CC-BY-NC-ND-4.0", "ODC-BY-1.0", "LGPL-3.0", "AGPL-3.0", "FDL-1.3", "EU-ODP-Legal-Notice", "apache-2.0", "GPL-3.0",
)  # fmt: skip
"""What `licenses[0].name` may be; Kaggle writes them exactly so."""

SLUG, TITLE, LICENCE = "arc-solver", "arc_solver: code, weights, wheels", "apache-2.0"
DATASET_FILE = "dataset-metadata.json"
KERNEL_FILE = "kernel-metadata.json"
NOTEBOOK_FILE = "arc-solver.ipynb"
SLUG_LENGTH = TITLE_LENGTH = (6, 50)
SUBTITLE_LENGTH = (20, 80)

_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_KERNEL_SUFFIX = "-notebook"


@dataclass(frozen=True, slots=True)
class Names:
    """Under which names a bundle is uploaded, checked where they are made.

    Attributes:
        owner: Kaggle's name of the user or organisation, as in the address of the profile.
        slug: The dataset's name in its address.
        title: What people read.
        subtitle: A line below it; empty for none.
        licence: One of `LICENCES`.
    """

    owner: str
    slug: str = SLUG
    title: str = TITLE
    subtitle: str = ""
    licence: str = LICENCE

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.owner) or self.owner == "insert-owner-here":
            raise InputError(
                f"owner {self.owner!r}: give your Kaggle name as in the address of your profile: lower-case letters, "
                "digits and single hyphens"
            )
        if not _SLUG.fullmatch(self.slug):
            raise InputError(f"slug {self.slug!r}: lower-case letters, digits and hyphens between them, nothing else")
        _check_length("slug", self.slug, SLUG_LENGTH)
        if self.title != " ".join(self.title.split()):
            raise InputError(f"title {self.title!r}: one line without spaces at its ends")
        _check_length("title", self.title, TITLE_LENGTH)
        if self.subtitle:
            _check_length("subtitle", self.subtitle, SUBTITLE_LENGTH)
        if self.licence not in LICENCES:
            close = [name for name in LICENCES if name.lower() == self.licence.lower()]
            advice = f"did you mean {close[0]}?" if close else f"choose from {', '.join(LICENCES)}"
            raise InputError(f"licence {self.licence!r}: Kaggle knows no such licence; {advice}")

    def part(self, number: int) -> str:
        """The slug of a part: the first has the dataset's own.

        Raises:
            InputError: With its number the slug is too long.
        """
        slug = self.slug if number == 1 else f"{self.slug}-{number}"
        _check_length("slug", slug, SLUG_LENGTH)
        return slug

    def notebook(self) -> str:
        """The slug of the notebook."""
        return self.slug[: SLUG_LENGTH[1] - len(_KERNEL_SUFFIX)].rstrip("-") + _KERNEL_SUFFIX


def dataset_metadata(names: Names, number: int = 1) -> dict[str, Any]:
    """The content of a part's `dataset-metadata.json`."""
    title = names.title if number == 1 else _numbered(names.title, number)
    value: dict[str, Any] = {
        "title": title,
        "id": f"{names.owner}/{names.part(number)}",
        "licenses": [{"name": names.licence}],
    }
    if names.subtitle:
        value["subtitle"] = names.subtitle
    return value


def kernel_metadata(
    names: Names, target: Target, n_parts: int, competition: str, model_sources: Sequence[str]
) -> dict[str, Any]:
    """The content of `kernel-metadata.json`. The internet is always written as off: the client's default is on.

    Args:
        names: Under which names the bundle is uploaded.
        target: For which machine.
        n_parts: Datasets that the notebook needs.
        competition: Slug of the competition; empty for none.
        model_sources: Kaggle models to attach, `owner/model/framework/variation/version` each.
    """
    slug = names.notebook()
    value: dict[str, Any] = {
        "id": f"{names.owner}/{slug}",
        # Kaggle makes the slug from the title: any other title would lead to another address.
        "title": slug.replace("-", " "),
        "code_file": NOTEBOOK_FILE,
        "language": "python",
        "kernel_type": "notebook",
        "is_private": True,
        "enable_gpu": bool(target.machine_shape),
        "enable_tpu": False,
        "enable_internet": False,
        "dataset_sources": [f"{names.owner}/{names.part(number)}" for number in range(1, n_parts + 1)],
        "competition_sources": [competition] if competition else [],
        "kernel_sources": [],
        "model_sources": list(model_sources),
    }
    if target.machine_shape:
        value["machine_shape"] = target.machine_shape
    return value


def check_competition(slug: str) -> None:
    """Refuse what is no competition's slug.

    Raises:
        InputError: It is none.
    """
    if slug and not _SLUG.fullmatch(slug):
        raise InputError(f"competition {slug!r}: give the last part of its address, such as arc-prize-2026-arc-agi-2")


def check_model_source(source: str) -> None:
    """Refuse what is no version of a Kaggle model.

    Raises:
        InputError: It is none.
    """
    parts = source.split("/")
    if len(parts) != 5 or not all(parts) or not parts[4].isdigit():
        raise InputError(f"model source {source!r}: wanted OWNER/MODEL/FRAMEWORK/VARIATION/VERSION")


def _numbered(title: str, number: int) -> str:
    suffix = f" ({number})"
    return title[: TITLE_LENGTH[1] - len(suffix)].rstrip() + suffix


def _check_length(what: str, text: str, limits: tuple[int, int]) -> None:
    if not limits[0] <= len(text) <= limits[1]:
        raise InputError(f"{what} {text!r}: has {len(text)} characters, Kaggle wants {limits[0]} to {limits[1]}")
