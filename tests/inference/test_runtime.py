import pytest

from apps.inference import runtime
from apps.inference.runtime import Runtime
from tests.inference.calls import FakeTransport


class TestRuntime:
    def test_must_be_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "_runtime", None)

        with pytest.raises(RuntimeError, match="was not started"):
            runtime.runtime()

    def test_is_what_was_started(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(runtime, "_runtime", None)
        made = Runtime(transport=FakeTransport())

        runtime.start(made)

        assert runtime.runtime() is made
