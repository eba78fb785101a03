import pytest

from apps.providers.dialects.anthropic_messages.traits import traits_of


class TestTraitsOf:
    @pytest.mark.parametrize(
        "name",
        [
            "claude-3-7-sonnet-20250219",
            "claude-3-5-haiku-latest",
            "claude-2.1",
            "claude-sonnet-4-20250514",
            "claude-opus-4-1",
            "claude-haiku-4-5-20251001",
            "anthropic.claude-opus-4-5-20251101-v1:0",
        ],
    )
    def test_older_models_take_a_budget_and_no_adaptive_thinking(self, name: str) -> None:
        traits = traits_of(name)

        assert (traits.budget, traits.adaptive, traits.sampling) == (True, False, True)

    @pytest.mark.parametrize("name", ["claude-opus-4-6", "anthropic/claude-sonnet-4.6"])
    def test_models_in_between_take_both_but_not_xhigh(self, name: str) -> None:
        traits = traits_of(name)

        assert (traits.budget, traits.adaptive, traits.xhigh) == (True, True, False)

    @pytest.mark.parametrize(
        ("name", "off"),
        [
            ("claude-opus-4-7", "omit"),
            ("claude-opus-5", "disabled"),
            ("claude-sonnet-5", "disabled"),
            ("claude-haiku-5-5", "disabled"),
            ("claude-sonnet-5-5", "between_tools"),
            ("claude-opus-5-5", "never"),
            ("claude-fable-5-1", "never"),
            ("claude-mythos-preview", "never"),
        ],
    )
    def test_newest_models_take_neither_budget_nor_sampling(self, name: str, off: str) -> None:
        traits = traits_of(name)

        assert (traits.budget, traits.adaptive, traits.sampling) == (False, True, False)
        assert traits.off == off

    @pytest.mark.parametrize("name", ["deepseek-chat", "kimi-k3", "", "claude"])
    def test_unknown_names_are_taken_to_accept_everything(self, name: str) -> None:
        traits = traits_of(name)

        assert traits.budget
        assert traits.adaptive
        assert traits.sampling
        assert traits.pair

    @pytest.mark.parametrize(
        ("name", "pair"), [("claude-opus-4-20250514", True), ("claude-opus-4-1-20250805", False)]
    )
    def test_knows_who_takes_temperature_beside_top_p(self, name: str, pair: bool) -> None:
        assert traits_of(name).pair is pair


class TestThinksUnasked:
    @pytest.mark.parametrize(
        ("name", "thinks"),
        [
            ("claude-opus-4-6", False),
            ("claude-opus-4-8", False),
            ("claude-opus-5", True),
            ("claude-fable-5", True),
            ("other", False),
        ],
    )
    def test_is_true_of_the_newest(self, name: str, thinks: bool) -> None:
        assert traits_of(name).thinks_unasked is thinks
