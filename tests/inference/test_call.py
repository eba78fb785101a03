from apps.inference.call import Attempt
from apps.providers.errors import ProviderConnectionError
from tests.inference.calls import make_call, make_target
from tests.inference.factories import NOW


def attempt() -> Attempt:
    return Attempt(id="att_1", number=1, target=make_target(), started_at=NOW, began=0.0)


class TestAttempt:
    def test_ends_once_and_what_came_first_stands(self) -> None:
        made, error = attempt(), ProviderConnectionError("cut")

        made.end("failed", error)
        duration = made.duration_ms
        made.end("done")

        assert (made.state, made.error, made.duration_ms) == ("failed", error, duration)
        assert (duration or 0) > 0

    def test_has_one_first_byte(self) -> None:
        made = attempt()

        made.mark_first_byte()
        first = made.first_byte_ms
        made.mark_first_byte()

        assert first is not None
        assert made.first_byte_ms == first


class TestCall:
    def test_last_is_the_latest_attempt(self) -> None:
        call = make_call()
        assert call.last is None

        call.attempts += [attempt(), attempt()]

        assert call.last is call.attempts[1]

    def test_keeps_as_much_as_there_is_room_for_and_counts_the_rest(self) -> None:
        call = make_call(keep_bytes=5)

        for piece in (b"abc", b"def", b"ghi"):
            call.keep(piece)

        assert call.kept == [b"abc", b"def"]
        assert call.kept_bytes == 9

    def test_keeps_nothing_without_room(self) -> None:
        call = make_call()

        call.keep(b"abc")

        assert call.kept == []

    def test_forgets_what_an_earlier_attempt_answered(self) -> None:
        call = make_call()
        call.keep_bytes = 100
        call.keep(b"the error of the first")

        call.forget_answer()
        call.keep(b"the answer of the second")

        assert call.kept == [b"the answer of the second"]
        assert call.kept_bytes == len(b"the answer of the second")
