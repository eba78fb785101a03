from typing import Any

import pytest

from apps.providers import wire
from apps.providers.dialects.anthropic_messages import outbound
from apps.providers.dialects.anthropic_messages.thinking import close_objects
from apps.providers.wire import ReasoningRequest, ToolChoice, ToolMode
from tests.providers.dialects.anthropic_messages.examples import (
    a_call,
    assistant,
    built,
    results,
    user,
    warned,
)

OLD = "claude-sonnet-4-5"
BETWEEN = "claude-opus-4-6"
NEW = "claude-opus-4-8"
LOOP = (
    user("Go"),
    assistant(wire.ToolCallPart(id="c1", name="f")),
    results(wire.ToolResultPart(call_id="c1")),
)


def thinking(request: ReasoningRequest, name: str, **fields: Any) -> dict[str, Any]:
    body = built(a_call(reasoning=request, **fields), name)
    return {key: body[key] for key in ("thinking", "output_config") if key in body}


class TestEffort:
    @pytest.mark.parametrize(
        ("effort", "sent"),
        [
            ("minimal", "low"),
            ("low", "low"),
            ("medium", "medium"),
            ("high", "high"),
            ("xhigh", "xhigh"),
            ("max", "max"),
        ],
    )
    def test_means_adaptive_thinking_with_that_effort(self, effort: str, sent: str) -> None:
        assert thinking(ReasoningRequest(effort=effort), NEW) == {
            "thinking": {"type": "adaptive"},
            "output_config": {"effort": sent},
        }

    def test_is_clamped_where_the_model_does_not_know_it(self) -> None:
        request = ReasoningRequest(effort="xhigh")

        assert thinking(request, BETWEEN)["output_config"] == {"effort": "high"}
        assert warned(a_call(reasoning=request), BETWEEN) == ("reasoning effort: clamped to high",)

    @pytest.mark.parametrize(
        ("effort", "budget"), [("minimal", 1024), ("low", 2048), ("medium", 8192), ("high", 16384)]
    )
    def test_becomes_a_budget_for_older_models(self, effort: str, budget: int) -> None:
        body = built(a_call(reasoning=ReasoningRequest(effort=effort)), OLD)

        assert body["thinking"] == {"type": "enabled", "budget_tokens": budget}
        assert body["max_tokens"] == budget + 4096

    def test_leaves_half_of_the_callers_maximum_for_the_answer(self) -> None:
        request = ReasoningRequest(effort="high")

        body = built(a_call(reasoning=request, max_output_tokens=6000), OLD)

        assert body["thinking"]["budget_tokens"] == 3000

    def test_that_nobody_knows_is_dropped_by_name(self) -> None:
        call = a_call(reasoning=ReasoningRequest(effort="enormous"))

        assert "thinking" not in built(call, NEW)
        assert warned(call, NEW) == ("reasoning effort: dropped",)


class TestNone:
    @pytest.mark.parametrize(
        ("name", "sent"),
        [
            (OLD, {"thinking": {"type": "disabled"}}),
            (BETWEEN, {"thinking": {"type": "disabled"}}),
            (NEW, {}),
            ("claude-opus-5", {"thinking": {"type": "disabled"}}),
            ("claude-sonnet-5-5", {"thinking": {"type": "between_tools"}}),
            ("claude-opus-5-5", {"output_config": {"effort": "low"}}),
        ],
    )
    def test_turns_thinking_off_as_the_model_wants_it(
        self, name: str, sent: dict[str, Any]
    ) -> None:
        assert thinking(ReasoningRequest(effort="none"), name) == sent
        assert thinking(ReasoningRequest(budget_tokens=0), name) == sent

    def test_names_that_a_model_cannot_stop_thinking(self) -> None:
        call = a_call(reasoning=ReasoningRequest(effort="none"))

        assert warned(call, "claude-opus-5-5") == ("reasoning effort: clamped to low",)


class TestBudget:
    def test_is_sent_as_it_is(self) -> None:
        request = ReasoningRequest(budget_tokens=3000)

        assert thinking(request, OLD, max_output_tokens=8000) == {
            "thinking": {"type": "enabled", "budget_tokens": 3000}
        }

    @pytest.mark.parametrize(("asked", "sent"), [(10, 1024), (90000, 7999)])
    def test_is_clamped_to_what_the_service_takes(self, asked: int, sent: int) -> None:
        call = a_call(reasoning=ReasoningRequest(budget_tokens=asked), max_output_tokens=8000)

        assert built(call, OLD)["thinking"]["budget_tokens"] == sent
        assert warned(call, OLD) == (f"reasoning budget: clamped to {sent}",)

    def test_makes_room_when_the_caller_named_no_maximum(self) -> None:
        body = built(a_call(reasoning=ReasoningRequest(budget_tokens=10000)), OLD)

        assert body["max_tokens"] > body["thinking"]["budget_tokens"] == 10000

    @pytest.mark.parametrize(("asked", "effort"), [(1500, "low"), (8000, "medium"), (9999, "high")])
    def test_becomes_an_effort_for_models_without_budgets(self, asked: int, effort: str) -> None:
        call = a_call(reasoning=ReasoningRequest(budget_tokens=asked))

        assert built(call, NEW)["thinking"] == {"type": "adaptive"}
        assert built(call, NEW)["output_config"] == {"effort": effort}
        assert warned(call, NEW) == (f"reasoning budget: sent as effort {effort}",)

    def test_that_the_model_decides_is_adaptive(self) -> None:
        assert thinking(ReasoningRequest(budget_tokens=-1), BETWEEN) == {
            "thinking": {"type": "adaptive"}
        }
        assert thinking(ReasoningRequest(budget_tokens=-1), OLD)["thinking"]["type"] == "enabled"

    @pytest.mark.parametrize("choice", [ToolMode.REQUIRED, ToolMode.NAMED])
    def test_gives_way_to_a_forced_tool(self, choice: ToolMode) -> None:
        call = a_call(
            tools=(wire.Tool(name="f"),),
            tool_choice=ToolChoice(mode=choice, names=("f",)),
            reasoning=ReasoningRequest(budget_tokens=2000),
        )

        assert "thinking" not in built(call, OLD)
        assert warned(call, OLD) == ("reasoning: dropped",)

    def test_gives_way_in_a_tool_loop_whose_thoughts_are_gone(self) -> None:
        call = a_call(*LOOP, reasoning=ReasoningRequest(budget_tokens=2000))

        assert "thinking" not in built(call, OLD)
        assert "reasoning: dropped" in warned(call, OLD)

    def test_stays_in_a_tool_loop_that_kept_its_thoughts(self) -> None:
        thought = wire.ReasoningPart(text="hm", signature="s", origin="anthropic_messages")
        turn = assistant(thought, *LOOP[1].parts)
        call = a_call(LOOP[0], turn, LOOP[2], reasoning=ReasoningRequest(budget_tokens=2000))

        assert built(call, OLD)["thinking"]["budget_tokens"] == 2000

    def test_does_not_fit_into_a_tiny_answer(self) -> None:
        call = a_call(reasoning=ReasoningRequest(budget_tokens=2000), max_output_tokens=500)

        assert "thinking" not in built(call, OLD)
        assert warned(call, OLD) == ("reasoning: dropped",)


class TestSummary:
    @pytest.mark.parametrize(("summary", "display"), [(True, "summarized"), (False, "omitted")])
    def test_says_whether_thoughts_are_shown(self, summary: bool, display: str) -> None:
        request = ReasoningRequest(effort="low", summary=summary)

        assert thinking(request, NEW)["thinking"] == {"type": "adaptive", "display": display}

    def test_alone_speaks_of_the_thoughts_that_come_unasked(self) -> None:
        assert thinking(ReasoningRequest(summary=True), "claude-opus-5-5") == {
            "thinking": {"type": "adaptive", "display": "summarized"}
        }

    def test_alone_asks_for_no_thoughts(self) -> None:
        call = a_call(reasoning=ReasoningRequest(summary=True))

        assert "thinking" not in built(call, NEW)
        assert warned(call, NEW) == ("reasoning summary: dropped",)


class TestSampling:
    @pytest.mark.parametrize(("asked", "sent"), [(1.7, 1.0), (-0.5, 0.0)])
    def test_clamps_the_temperature(self, asked: float, sent: float) -> None:
        call = a_call(temperature=asked)

        assert built(call)["temperature"] == sent
        assert warned(call) == (f"temperature: clamped to {sent:g}",)

    def test_sends_what_fits(self) -> None:
        body = built(a_call(temperature=0.3, top_k=5), OLD)

        assert (body["temperature"], body["top_k"]) == (0.3, 5)

    def test_sends_temperature_alone_where_top_p_may_not_stand_beside(self) -> None:
        call = a_call(temperature=0.3, top_p=0.9)

        assert "top_p" not in built(call, OLD)
        assert warned(call, OLD) == ("top_p: dropped",)
        assert built(call, "other-model")["top_p"] == 0.9

    def test_drops_everything_for_models_that_refuse_it(self) -> None:
        call = a_call(temperature=0.3, top_p=0.9, top_k=5)

        assert not {"temperature", "top_p", "top_k"} & set(built(call, NEW))
        assert warned(call, NEW) == ("temperature: dropped", "top_p: dropped", "top_k: dropped")

    def test_drops_everything_for_the_revision_that_removed_it(self) -> None:
        call = a_call(temperature=0.3)

        assert "temperature" not in built(call, OLD, version="2026-10-21")

    def test_drops_defaults_without_a_word(self) -> None:
        assert warned(a_call(temperature=1.0, top_p=1.0), NEW) == ()

    def test_drops_what_thinking_does_not_allow(self) -> None:
        call = a_call(
            temperature=0.3, top_p=0.9, top_k=5, reasoning=ReasoningRequest(budget_tokens=2000)
        )

        assert not {"temperature", "top_p", "top_k"} & set(built(call, OLD))
        assert set(warned(call, OLD)) == {
            "temperature: dropped",
            "top_p: dropped",
            "top_k: dropped",
        }

    def test_keeps_a_high_top_p_beside_thinking(self) -> None:
        call = a_call(top_p=0.97, reasoning=ReasoningRequest(budget_tokens=2000))

        assert built(call, OLD)["top_p"] == 0.97


class TestMaxTokens:
    def test_is_the_callers(self) -> None:
        assert built(a_call(max_output_tokens=7))["max_tokens"] == 7

    def test_is_the_models_maximum_without_one(self) -> None:
        model = wire.TargetModel(name=OLD, max_output_tokens=64000)

        request = outbound.build_request(a_call(), model, outbound.Options())

        assert b'"max_tokens":64000' in request.body

    def test_is_4096_when_nobody_knows(self) -> None:
        assert built(a_call())["max_tokens"] == 4096


class TestFormat:
    def test_sends_a_schema(self) -> None:
        schema = {"type": "object", "properties": {}, "additionalProperties": False}

        body = built(a_call(output_format=wire.OutputFormat(schema=schema, description="A thing")))

        assert body["output_config"] == {
            "format": {"type": "json_schema", "schema": {**schema, "description": "A thing"}}
        }

    def test_stands_beside_an_effort(self) -> None:
        call = a_call(
            reasoning=ReasoningRequest(effort="low"),
            output_format=wire.OutputFormat(schema={"type": "string"}),
        )

        assert set(built(call)["output_config"]) == {"effort", "format"}

    def test_closes_objects_and_says_so(self) -> None:
        call = a_call(output_format=wire.OutputFormat(schema={"type": "object"}))

        sent = built(call)["output_config"]["format"]["schema"]

        assert sent == {"type": "object", "additionalProperties": False}
        assert warned(call) == ("response_format: additionalProperties set to false",)

    def test_carries_json_mode_as_an_instruction(self) -> None:
        call = a_call(output_format=wire.OutputFormat())

        assert "JSON" in built(call)["system"]
        assert warned(call) == ("response_format: carried as an instruction",)


class TestCloseObjects:
    def test_reaches_every_place_that_holds_schemas(self) -> None:
        thing = {"type": "object", "properties": {}}
        schema = {
            "$defs": {"a": thing},
            "anyOf": [thing],
            "items": thing,
            "properties": {"required": thing, "type": {"type": ["object", "null"]}},
        }

        closed, changed = close_objects(schema)

        shut = {**thing, "additionalProperties": False}
        assert changed
        assert closed["$defs"]["a"] == closed["anyOf"][0] == closed["items"] == shut
        assert closed["properties"]["required"] == shut
        assert closed["properties"]["type"]["additionalProperties"] is False

    def test_leaves_values_and_closed_objects_alone(self) -> None:
        schema = {
            "type": "object",
            "additionalProperties": {"type": "string"},
            "default": {"type": "object"},
            "enum": [{"type": "object"}],
        }

        assert close_objects(schema) == (schema, False)
