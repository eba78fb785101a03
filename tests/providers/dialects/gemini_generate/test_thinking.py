"""Thinking levels and budgets, by model."""

from typing import Any

import pytest

from apps.providers.dialects.gemini_generate.thinking import fit_thinking
from apps.providers.dialects.gemini_generate.traits import traits_of
from apps.providers.wire import ReasoningRequest


class TestFitThinking:
    @pytest.mark.parametrize(
        ("model", "asked", "config", "warnings"),
        [
            ("other", {"effort": "minimal"}, {"thinkingLevel": "MINIMAL"}, []),
            ("other", {"effort": "none"}, {"thinkingBudget": 0}, []),
            ("other", {"effort": "max"}, {"thinkingLevel": "XHIGH"}, ["effort: clamped to xhigh"]),
            ("other", {"effort": "odd"}, {}, ["effort: dropped"]),
            ("other", {"budget_tokens": -1}, {"thinkingBudget": -1}, []),
            ("other", {"summary": True}, {"includeThoughts": True}, []),
            (
                "other",
                {"effort": "low", "budget_tokens": 5},
                {"thinkingLevel": "LOW"},
                ["budget: dropped"],
            ),
            ("gemini-3-flash-preview", {"effort": "medium"}, {"thinkingLevel": "MEDIUM"}, []),
            (
                "gemini-3-flash-preview",
                {"effort": "none"},
                {"thinkingLevel": "MINIMAL"},
                ["effort: clamped to minimal"],
            ),
            (
                "gemini-3-pro-preview",
                {"effort": "medium"},
                {"thinkingLevel": "HIGH"},
                ["effort: clamped to high"],
            ),
            ("gemini-3.1-pro", {"effort": "medium"}, {"thinkingLevel": "MEDIUM"}, []),
            (
                "gemini-3.8-flash",
                {"effort": "minimal"},
                {"thinkingLevel": "LOW"},
                ["effort: clamped to low"],
            ),
            (
                "gemini-3.1-pro",
                {"effort": "xhigh"},
                {"thinkingLevel": "HIGH"},
                ["effort: clamped to high"],
            ),
            (
                "gemini-3-pro",
                {"budget_tokens": 0},
                {"thinkingLevel": "LOW"},
                ["effort: clamped to low"],
            ),
            ("gemini-3-pro", {"budget_tokens": 99}, {"thinkingBudget": 99}, []),
            ("gemini-2.5-flash", {"effort": "low"}, {"thinkingBudget": 1024}, []),
            ("gemini-2.5-flash", {"effort": "none"}, {"thinkingBudget": 0}, []),
            (
                "gemini-2.5-flash",
                {"effort": "xhigh"},
                {"thinkingBudget": 24576},
                ["effort: clamped to high"],
            ),
            ("gemini-2.5-pro", {"effort": "xhigh"}, {"thinkingBudget": 32768}, []),
            (
                "gemini-2.5-pro",
                {"budget_tokens": 0},
                {"thinkingBudget": 128},
                ["budget: clamped to 128"],
            ),
            (
                "models/gemini-2.5-flash-lite",
                {"budget_tokens": 5, "summary": False},
                {"thinkingBudget": 512, "includeThoughts": False},
                ["budget: clamped to 512"],
            ),
            ("gemini-2.5-pro", {"summary": True}, {"includeThoughts": True}, []),
        ],
    )
    def test_fits_the_model(
        self, model: str, asked: dict[str, Any], config: dict[str, Any], warnings: list[str]
    ) -> None:
        fitted = fit_thinking(ReasoningRequest(**asked), traits_of(model))

        assert fitted == (config, [f"reasoning {one}" for one in warnings])

    @pytest.mark.parametrize(
        ("asked", "warnings"),
        [
            ({"effort": "low"}, ["reasoning: dropped"]),
            ({"summary": True}, ["reasoning: dropped"]),
            ({"effort": "none"}, []),
            ({"budget_tokens": 0}, []),
            ({"summary": False}, []),
        ],
    )
    def test_models_without_thoughts_get_nothing(
        self, asked: dict[str, Any], warnings: list[str]
    ) -> None:
        fitted = fit_thinking(ReasoningRequest(**asked), traits_of("gemini-2.0-flash"))

        assert fitted == ({}, warnings)

    def test_nothing_asked_is_nothing_sent(self) -> None:
        assert fit_thinking(None, traits_of("x")) == ({}, [])
        assert fit_thinking(ReasoningRequest(), traits_of("x")) == ({}, [])


class TestTraitsOf:
    def test_tells_who_needs_signatures(self) -> None:
        signed = {name: traits_of(name).signed_calls for name in ("gemini-2.5-pro", "gemini-3-pro")}

        assert signed == {"gemini-2.5-pro": False, "gemini-3-pro": True}
        assert traits_of("google/gemini-4-hydrogen").levels == ("low", "medium", "high", "xhigh")
