"""Plans for machines that are simulated, and what holds for every plan; the degrade ladder."""

from __future__ import annotations

import json
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from arc_solver.engines.degrading import LADDER, Failure, failure_of, next_step
from arc_solver.engines.devices import GIB, SIMULATED, Gpu, Machine, simulated
from arc_solver.engines.model_folder import ModelFacts
from arc_solver.engines.plans import AMPERE, EnginePlan, Plan, Refusal, Wishes, make_plan

NANO = ModelFacts("Qwen3ForCausalLM", 5_000_000, 10_000_000, "float16", 4096, 8, 3, 1, 64, 576, 192)
FOUR_B = ModelFacts("Qwen3ForCausalLM", 4_022_468_096, 8_044_936_192, "bfloat16", 40960, 36, 32, 8, 128, 151936, 2560)
EIGHT_B = replace(FOUR_B, n_parameters=8_190_735_360, weight_bytes=16_381_470_720, hidden_size=4096)
SEVENTY_B = replace(FOUR_B, n_parameters=70_000_000_000, weight_bytes=140_000_000_000)
GEMMA = ModelFacts("Gemma3ForCausalLM", 268_098_176, 536_196_352, "bfloat16", 32768, 18, 4, 1, 256, 262144, 640)


def plan_for(name: str, model: ModelFacts = NANO, **wishes: object) -> Plan:
    plan = make_plan(simulated(name), model, Wishes(**wishes))
    assert isinstance(plan, Plan), plan
    return plan


def refusal_for(machine: str | Machine, model: ModelFacts = NANO, **wishes: object) -> Refusal:
    machine = simulated(machine) if isinstance(machine, str) else machine
    refusal = make_plan(machine, model, Wishes(**wishes))
    assert isinstance(refusal, Refusal), refusal
    return refusal


def said(plan: Plan) -> str:
    return " | ".join(plan.reasons)


# -- one machine after the other ---------------------------------------------------------------------------------------


def test_two_t4s_get_an_engine_each_in_half_precision_with_triton_attention() -> None:
    plan = plan_for("t4x2")
    assert [engine.environment() for engine in plan.engines] == [
        {"CUDA_VISIBLE_DEVICES": "0"},
        {"CUDA_VISIBLE_DEVICES": "1"},
    ]
    for engine in plan.engines:
        assert (engine.kind, engine.dtype, engine.attention, engine.eager) == ("vllm", "float16", "TRITON_ATTN", False)
        assert (engine.max_sequences, engine.context_length, engine.memory_share) == (128, 4096, 0.9)
        assert not engine.merge_adapter
    assert "no bfloat16 in hardware" in said(plan)


def test_four_l4s_get_four_engines_in_bfloat16() -> None:
    plan = plan_for("l4x4", FOUR_B)
    assert [engine.devices for engine in plan.engines] == [("0",), ("1",), ("2",), ("3",)]
    assert {(engine.kind, engine.dtype, engine.attention) for engine in plan.engines} == {("vllm", "bfloat16", None)}


def test_an_a100_gets_one_engine_in_bfloat16() -> None:
    (engine,) = plan_for("a100", EIGHT_B).engines
    assert (engine.kind, engine.dtype, engine.devices, engine.context_length) == ("vllm", "bfloat16", ("0",), 16384)


def test_a_p100_without_kernels_is_refused_with_what_to_install() -> None:
    for device in ("auto", "cuda"):
        text = refusal_for("p100", device=device).text()
        assert "no kernel image" in text
        assert "CUDA 12.6" in text
        assert "kaggle-p100" in text
    assert plan_for("p100", device="cpu").engines[0].devices == ()


def test_a_p100_with_an_older_build_gets_transformers_in_float16() -> None:
    (engine,) = plan_for("p100-cu126").engines
    assert (engine.kind, engine.dtype, engine.attention, engine.merge_adapter) == (
        "transformers",
        "float16",
        None,
        True,
    )
    assert engine.eager  # nothing is compiled
    assert "no kernels for sm_60" in said(plan_for("p100-cu126"))
    assert "no kernels" in refusal_for("p100-cu126", kind="vllm").reason


def test_no_gpu_means_float32_on_the_cpu_with_merged_adapters() -> None:
    (engine,) = plan_for("none").engines
    assert (engine.kind, engine.devices, engine.dtype, engine.memory_share) == ("transformers", (), "float32", 0.0)
    assert engine.merge_adapter
    assert engine.environment() == {"CUDA_VISIBLE_DEVICES": ""}
    assert "no GPU" in refusal_for("none", device="cuda").reason
    assert "vllm is not installed" in refusal_for("none", kind="vllm").reason


def test_little_host_memory_means_fewer_engines_or_none() -> None:
    plan = plan_for("t4x2-small-ram")
    assert len(plan.engines) == 1
    assert "1 of 2 engines" in said(plan)
    assert "host memory" in refusal_for(replace(simulated("t4x2"), memory_bytes=3 * GIB)).reason


def test_a_full_disk_means_no_compiled_graphs() -> None:
    assert all(engine.eager for engine in plan_for("t4x2-full-disk").engines)
    assert "disk" in said(plan_for("t4x2-full-disk"))


def test_a_model_too_large_for_one_card_is_split_and_one_too_large_for_all_refused() -> None:
    (engine,) = plan_for("t4x2", EIGHT_B).engines
    assert engine.devices == ("0", "1")
    assert engine.environment() == {"CUDA_VISIBLE_DEVICES": "0,1"}
    assert "quantised" in refusal_for("t4x2", SEVENTY_B).advice
    assert "weights take" in refusal_for("t4x2", replace(EIGHT_B, n_heads=33)).reason  # heads are split evenly or not
    assert "vllm could split" in refusal_for("t4x2", EIGHT_B, kind="transformers").advice
    assert "host" in refusal_for("none", SEVENTY_B).reason


def test_a_large_model_on_a_small_card_gets_a_shorter_context() -> None:
    plan = plan_for("t4x2", FOUR_B)
    assert plan.engines[0].context_length == 8192
    assert "8192 instead of 16384" in plan.engines[0].reasons[0]
    assert 4 <= plan.engines[0].max_sequences < 128
    assert "overflow" in said(plan)


def test_wide_heads_do_not_run_in_vllm_on_a_turing_card() -> None:
    plan = plan_for("t4x2", GEMMA)
    assert {engine.kind for engine in plan.engines} == {"transformers"}
    assert "heads of 256" in said(plan)
    assert plan_for("l4x4", GEMMA).engines[0].kind == "vllm"


def test_wishes_are_granted_or_refused_never_ignored() -> None:
    assert "sm_80" in refusal_for("t4x2", dtype="bfloat16").reason
    assert {engine.dtype for engine in plan_for("t4x2", dtype="float32").engines} == {"float32"}
    assert {engine.kind for engine in plan_for("t4x2", kind="transformers").engines} == {"transformers"}
    assert plan_for("t4x2", context_length=1024, max_sequences=16).engines[0].max_sequences == 16
    assert plan_for("t4x2", context_length=1024).engines[0].context_length == 1024
    assert plan_for("t4x2", context_length=9999).engines[0].context_length == 4096


def test_without_vllm_a_gpu_gets_transformers_and_without_torch_nothing_runs() -> None:
    machine = simulated("t4x2")
    without = replace(machine, packages=tuple(item for item in machine.packages if item[0] != "vllm"))
    plan = make_plan(without, NANO, Wishes())
    assert isinstance(plan, Plan)
    assert {engine.kind for engine in plan.engines} == {"transformers"}
    assert "vllm is not installed" in refusal_for(without, kind="vllm").reason
    assert "llm" in refusal_for(replace(machine, packages=())).advice


def test_a_broken_card_is_left_out_and_a_busy_one_gives_a_smaller_share() -> None:
    machine = simulated("t4x2")
    first, second = machine.gpus
    plan = make_plan(replace(machine, gpus=(replace(first, problem="ECC error"), second)), NANO, Wishes())
    assert isinstance(plan, Plan)
    assert [engine.devices for engine in plan.engines] == [("1",)]
    assert "ECC error" in said(plan)
    busy = make_plan(replace(machine, gpus=(replace(first, free_bytes=8 * GIB),)), NANO, Wishes())
    assert isinstance(busy, Plan)
    assert 0.4 < busy.engines[0].memory_share < 0.55
    assert "others use the GPU" in busy.engines[0].reasons[0]


def test_a_plan_speaks_json_and_words() -> None:
    for name in SIMULATED:
        plan = make_plan(simulated(name), NANO, Wishes())
        assert json.loads(json.dumps(plan.to_json()))
        if isinstance(plan, Plan):
            assert all(engine.dtype in engine.text() for engine in plan.engines)


# -- what holds for all ------------------------------------------------------------------------------------------------

CAPABILITIES = [(6, 0), (7, 0), (7, 5), (8, 0), (8, 6), (8, 9), (9, 0), (12, 0)]
GPUS = st.builds(
    lambda index, capability, gib, used, problem: Gpu(
        str(index), "card", capability, int(gib * GIB), int(gib * GIB * (1 - used)), problem
    ),
    st.integers(0, 99),
    st.sampled_from(CAPABILITIES),
    st.floats(4, 96),
    st.floats(0, 0.9),
    st.sampled_from(["", "", "", "broken"]),
)
MACHINES = st.builds(
    lambda gpus, memory, disk, vllm: replace(
        simulated("t4x2" if vllm else "none"), gpus=tuple(gpus), memory_bytes=memory * GIB, disk_bytes=disk * GIB
    ),
    st.lists(GPUS, max_size=8, unique_by=lambda gpu: gpu.visible_as),
    st.integers(1, 256),
    st.integers(0, 100),
    st.booleans(),
)
MODELS = st.sampled_from([NANO, GEMMA, FOUR_B, EIGHT_B, SEVENTY_B])
WISHES = st.builds(
    Wishes,
    kind=st.sampled_from(["auto", "vllm", "transformers"]),
    device=st.sampled_from(["auto", "cpu", "cuda"]),
    dtype=st.sampled_from(["auto", "float16", "bfloat16", "float32"]),
    max_sequences=st.integers(1, 256),
    context_length=st.sampled_from([0, 512, 8192]),
)


@given(MACHINES, MODELS, WISHES)
def test_every_plan_keeps_what_the_hardware_allows(machine: Machine, model: ModelFacts, wishes: Wishes) -> None:
    plan = make_plan(machine, model, wishes)
    if isinstance(plan, Refusal):
        assert plan.reason
        assert plan.advice
        return
    cards = {gpu.visible_as: gpu for gpu in machine.gpus}
    used = [device for engine in plan.engines for device in engine.devices]
    assert len(used) == len(set(used))
    for engine in plan.engines:
        mine = [cards[device] for device in engine.devices]
        assert all(not gpu.problem for gpu in mine)
        assert 1 <= engine.max_sequences <= wishes.max_sequences
        assert 0 < engine.context_length <= min(model.context_length, wishes.context_length or model.context_length)
        assert wishes.dtype in ("auto", engine.dtype)
        assert wishes.kind in ("auto", engine.kind)
        assert engine.kind == "vllm" or engine.merge_adapter
        for gpu in mine:
            assert gpu.capability >= AMPERE or engine.dtype != "bfloat16"
            assert gpu.capability >= AMPERE or engine.kind != "vllm" or engine.attention == "TRITON_ATTN"
            assert engine.kind != "vllm" or engine.memory_share * gpu.memory_bytes <= gpu.free_bytes
        if mine:
            cache = min(2048, engine.context_length) * model.token_bytes(engine.dtype)
            assert model.resident_bytes(engine.dtype) + cache <= sum(gpu.free_bytes for gpu in mine)


# -- the ladder --------------------------------------------------------------------------------------------------------


def climb(plan: EnginePlan, failure: Failure) -> list[EnginePlan]:
    steps = [plan]
    while (step := next_step(steps[-1], failure)) is not None:
        steps.append(step)
        assert len(steps) < 50
    return steps


def test_out_of_memory_gives_up_sequences_then_context_then_graphs_then_vllm() -> None:
    steps = climb(plan_for("t4x2").engines[0], Failure.OUT_OF_MEMORY)
    seen = [(step.max_sequences, step.context_length, step.eager, step.kind) for step in steps]
    assert seen == [
        (128, 4096, False, "vllm"),
        (32, 4096, False, "vllm"),
        (8, 4096, False, "vllm"),
        (8, 2048, False, "vllm"),
        (8, 2048, True, "vllm"),
        (8, 2048, True, "transformers"),
    ]
    assert steps[-1].merge_adapter
    assert steps[-1].attention is None
    assert steps[1].reasons[-1] == "after 'out of memory': 32 sequences instead of 128"


def test_what_does_not_start_tries_eager_mode_then_transformers() -> None:
    steps = climb(plan_for("t4x2").engines[0], Failure.START)
    assert [(step.eager, step.kind, step.max_sequences) for step in steps] == [
        (False, "vllm", 128),
        (True, "vllm", 128),
        (True, "transformers", 128),
    ]


def test_a_kernel_that_the_chip_is_too_small_for_is_no_lack_of_memory() -> None:
    asks = "vllm broke while sampling: out of resource: shared memory, Required: 81920, Hardware limit: 65536"
    assert failure_of(asks, started=True) is Failure.START
    assert failure_of("CUDA out of memory. Tried to allocate 2.00 GiB", started=True) is Failure.OUT_OF_MEMORY
    assert failure_of("the model's logits are not finite", started=True) is Failure.NOT_FINITE
    assert failure_of("it broke", started=True) is Failure.DIED
    assert failure_of("it broke", started=False) is Failure.START


def test_overflow_is_cured_by_float32_alone() -> None:
    steps = climb(plan_for("t4x2").engines[0], Failure.NOT_FINITE)
    assert [step.dtype for step in steps] == ["float16", "float32"]
    assert next_step(plan_for("a100").engines[0], Failure.NOT_FINITE) is None


def test_a_split_model_never_steps_down_to_one_card() -> None:
    steps = climb(plan_for("t4x2", EIGHT_B).engines[0], Failure.OUT_OF_MEMORY)
    assert {step.kind for step in steps} == {"vllm"}


@given(MACHINES, MODELS, WISHES, st.lists(st.sampled_from(Failure), max_size=40))
def test_every_step_is_explained_changes_something_and_the_ladder_ends(
    machine: Machine, model: ModelFacts, wishes: Wishes, failures: list[Failure]
) -> None:
    plan = make_plan(machine, model, wishes)
    if isinstance(plan, Refusal):
        return
    engine = plan.engines[0]
    n_steps = 0
    for failure in failures:
        step = next_step(engine, failure)
        if step is None:
            continue
        n_steps += 1
        assert replace(step, reasons=engine.reasons) != engine
        assert step.reasons[:-1] == engine.reasons
        assert failure in step.reasons[-1]
        assert step.devices == engine.devices
        assert step.max_sequences <= engine.max_sequences
        assert step.context_length <= engine.context_length
        engine = step
    assert n_steps <= 12


def test_every_failure_has_a_rung() -> None:
    assert set().union(*(rung.cures for rung in LADDER)) == set(Failure)
