"""The program that touches CUDA and goes away: `python -m arc_solver.engines.probing`, one JSON object on standard
output.

A process that has once initialised CUDA keeps hundreds of megabytes and cannot be forked safely, so the parent never
does. torch also lists devices that it has no kernels for: one counts only if a product of matrices on it is right.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from arc_solver.engines.devices import has_kernels


def main() -> None:
    """Print what torch finds."""
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print goes elsewhere
    import torch

    gpus: list[dict[str, Any]] = []
    for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0):
        gpus.append(_look_at(torch, index))
    json.dump(
        {"gpus": gpus, "arch_list": list(torch.cuda.get_arch_list()), "cuda_version": torch.version.cuda}, channel
    )
    channel.close()


def _look_at(torch: Any, index: int) -> dict[str, Any]:
    properties = torch.cuda.get_device_properties(index)
    capability = (int(properties.major), int(properties.minor))
    visible = [item for item in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if item.strip()]
    problem, free_bytes = "", 0
    arch_list = torch.cuda.get_arch_list()
    if not has_kernels(capability, arch_list):
        problem = f"this torch has kernels for {', '.join(arch_list)} only"
    else:
        try:
            problem = _launch(torch, index)
            free_bytes = int(torch.cuda.mem_get_info(index)[0])
        except RuntimeError as error:
            problem = (str(error).strip().splitlines() or ["no message"])[0]
    return {
        "visible_as": visible[index].strip() if index < len(visible) else str(index),
        "name": str(properties.name),
        "capability": capability,
        "memory_bytes": int(properties.total_memory),
        "free_bytes": free_bytes,
        "problem": problem,
    }


def _launch(torch: Any, index: int) -> str:
    ones = torch.ones(64, 64, device=f"cuda:{index}", dtype=torch.float16)
    total = float((ones @ ones).sum().item())
    return "" if total == 64.0**3 else f"a product of matrices on it is wrong ({total:.0f} instead of {64**3})"


if __name__ == "__main__":
    main()
    sys.stdout.flush()
