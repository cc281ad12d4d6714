"""A Ray cluster: who is there, one process of ours on each machine, calls and their answers.

The only module that imports Ray, and only where it is used. What the loss of a machine raises ends here, as an event.
Knows nothing of slices, proposers or time limits.
"""

from __future__ import annotations

import contextlib
import importlib.util
import json
import os
import secrets
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arc_solver.errors import InputError
from arc_solver.lanes.node import Heard, Order, Sameness
from arc_solver.lanes.process import lane_environment

LOCAL = "local"
_AUTO = "auto"
_CONNECT_S = 5.0
_PROBE_S = 30.0
_LOCAL_STORE_BYTES = 100 << 20

# Nothing is reported to anybody, a log gets no colours, and a process that asks for no GPU is not told about it.
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_COLOR_PREFIX": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}

# A cluster that runs answers the first of these; Ray would ask twenty times, a second apart.
_IMPATIENT = {"RAY_NUM_REDIS_GET_RETRIES": "4"}


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine of the cluster.

    Attributes:
        node_id: Ray's name for it.
        name: For people: its address and the beginning of its id (one computer may be several machines in a trial).
        n_cpus: CPUs that it offers.
        n_gpus: GPUs that it offers.
    """

    node_id: str
    name: str
    n_cpus: int
    n_gpus: int


@dataclass(frozen=True, slots=True)
class Joined:
    """Our process runs on a machine."""

    node_id: str
    sameness: Sameness


@dataclass(frozen=True, slots=True)
class Said:
    """The answer to an `exchange`."""

    node_id: str
    heard: tuple[Heard, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """Our process on a machine is gone, with what it had not answered yet."""

    node_id: str
    reason: str


Event = Joined | Said | Lost


class RayCluster:
    """A connection to a cluster.

    Args:
        address: `host:port` of its head, `auto` for the one that this machine belongs to, `local` for one of this
            machine alone, which ends with the connection.

    Raises:
        InputError: There is no such cluster, or Ray is not installed.
    """

    def __init__(self, address: str) -> None:
        require_ray()
        os.environ.update(_QUIET)
        if address == LOCAL:
            _keep_others_out()
        import ray  # reads the environment as it is now

        settings: dict[str, Any] = {"address": address, "log_to_driver": True, "configure_logging": False}
        if address == LOCAL:
            settings |= {"include_dashboard": False, "object_store_memory": _LOCAL_STORE_BYTES}
        try:
            ray.init(**settings)
        except (ConnectionError, RuntimeError, ValueError, OSError, ray.exceptions.RayError) as error:
            raise InputError(f"--ray {address}: {_first_line(error)}") from error
        self._ray = ray
        self._actors: dict[str, Any] = {}
        self._calls: dict[Any, str] = {}

    def machines(self) -> list[Machine]:
        """The machines that are there now, in a fixed order."""
        found = []
        for node in self._ray.nodes():
            if node["Alive"]:
                resources = node["Resources"]
                name = f"{node['NodeManagerAddress']} ({node['NodeID'][:6]})"
                found.append(Machine(node["NodeID"], name, int(resources.get("CPU", 0)), int(resources.get("GPU", 0))))
        return sorted(found, key=lambda machine: machine.node_id)

    def join(self, machine: Machine, config: Mapping[str, Any]) -> None:
        """Start our process on a machine, with all that the machine offers; `Joined` or `Lost` tells how it went."""
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        where = NodeAffinitySchedulingStrategy(machine.node_id, soft=False)
        kind = self._ray.remote(_actor_class()).options(
            num_cpus=machine.n_cpus, num_gpus=machine.n_gpus, scheduling_strategy=where, max_restarts=0
        )
        actor = kind.remote(str(Path(__file__).resolve().parents[2]), dict(config))
        self._actors[machine.node_id] = actor
        self._calls[actor.sameness.remote()] = machine.node_id

    def exchange(self, node_id: str, orders: Sequence[Order], wait_s: float) -> None:
        """Call `Node.exchange` there; `Said` or `Lost` is the answer."""
        self._calls[self._actors[node_id].exchange.remote(tuple(orders), wait_s)] = node_id

    def events(self, wait_s: float) -> list[Event]:
        """What was answered; waits so long for the first."""
        if not self._calls:
            return []
        answered, _ = self._ray.wait(list(self._calls), num_returns=1, timeout=wait_s)
        rest = [call for call in self._calls if call not in answered]
        answered += self._ray.wait(rest, num_returns=len(rest), timeout=0)[0] if rest else []
        return [self._event(call, self._calls.pop(call)) for call in answered]

    def close(self) -> None:
        """End our processes and leave."""
        self._ray.shutdown()

    def _event(self, call: Any, node_id: str) -> Event:
        try:
            answer = self._ray.get(call)
        except self._ray.exceptions.RayError as error:
            # It may only be out of reach for now, but what it said meanwhile is lost: nobody can tell what it did.
            with contextlib.suppress(self._ray.exceptions.RayError):
                self._ray.kill(self._actors.pop(node_id))
            return Lost(node_id, _reason(error))
        return Joined(node_id, answer) if isinstance(answer, Sameness) else Said(node_id, tuple(answer))


def require_ray() -> None:
    """Raises:
    InputError: Ray is not installed.
    """
    if importlib.util.find_spec("ray") is None:
        raise InputError("--ray: Ray is not installed here; pip install 'ray>=2.52' (extra `ray`)")


def check_cluster(address: str) -> str:
    """Make sure that a cluster can be reached, in a few seconds and outside this process.

    Returns:
        What is there, in a line.

    Raises:
        InputError: It cannot; the message says why.
    """
    require_ray()
    if address == LOCAL:
        return "a Ray cluster of this machine alone"
    if address != _AUTO:
        _knock(address)
    command = (sys.executable, "-m", "arc_solver.lanes.ray_cluster", address)
    try:
        environment = lane_environment(n_threads=1) | _IMPATIENT
        found = subprocess.run(command, capture_output=True, text=True, timeout=_PROBE_S, check=False, env=environment)
    except subprocess.TimeoutExpired:
        raise InputError(
            f"--ray {address}: something listens there, but no Ray cluster answered within {_PROBE_S:.0f}s"
        ) from None
    if "InvalidAuthToken" in found.stderr:
        raise InputError(
            f"--ray {address}: the cluster wants another token, or none: RAY_AUTH_MODE (token or disabled) and the "
            "token must be the same here as on its head"
        )
    try:
        answer = json.loads(found.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        lines = [line for line in found.stderr.splitlines() if line.strip()]
        raise InputError(f"--ray {address}: Ray cannot connect: {lines[-1] if lines else 'no reason given'}") from None
    if "error" in answer:
        raise InputError(answer["error"])
    return str(answer["found"])


def _knock(address: str) -> None:
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or "/" in host or not 0 < int(port) < 65536:
        raise InputError(f"--ray {address!r}: write host:port of the cluster's head, auto, or local")
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError as error:
        raise InputError(
            f"--ray {address}: nothing answers there ({error.strerror or error}); is the head running "
            "(`ray start --head --port=...`), and does no firewall stand between?"
        ) from error


def _keep_others_out() -> None:
    """A token for this one cluster; left to itself, Ray writes one to the user's home, for all that come after."""
    if "RAY_AUTH_MODE" not in os.environ:
        os.environ |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _actor_class() -> type:
    """Made in here, so that Ray sends its code along: it must find our package before it can be imported."""

    class ArcSolverNode:
        def __init__(self, package_root: str, config: Mapping[str, Any]) -> None:
            import sys
            from pathlib import Path

            if (Path(package_root) / "arc_solver").is_dir():
                sys.path.insert(0, package_root)
            from arc_solver.lanes.node import Node

            self._node = Node(config, Path("/dev/stderr"))  # which Ray brings to the log of the run

        def sameness(self) -> Any:
            return self._node.sameness()

        def exchange(self, orders: Any, wait_s: float) -> Any:
            return self._node.exchange(orders, wait_s)

    return ArcSolverNode


def _reason(error: BaseException) -> str:
    """Why, in a few words; the log has all of them. Of an error in starting our process its own message, which comes
    last.
    """
    text = str(error).strip()
    sys.stderr.write(text + "\n")
    if "creation task" in text:
        return text.splitlines()[-1].strip()
    return "out of reach" if type(error).__name__ == "ActorUnavailableError" else "its process ended"


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


def main() -> None:
    """Say in a JSON line what is at an address."""
    try:
        cluster = RayCluster(sys.argv[1])
    except InputError as error:
        answer = {"error": str(error)}
    else:
        machines = cluster.machines()
        n_cpus, n_gpus = sum(machine.n_cpus for machine in machines), sum(machine.n_gpus for machine in machines)
        answer = {"found": f"{len(machines)} nodes with {n_cpus} CPUs and {n_gpus} GPUs"}
        cluster.close()
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
