"""Public ids."""

import threading

from apps.core.ids import encode, new_id


class TestNewId:
    def test_names_its_kind_and_has_26_characters_of_base_32(self) -> None:
        prefix, _, rest = new_id("key").partition("_")

        assert prefix == "key"
        assert len(rest) == 26
        assert set(rest) <= set("0123456789abcdefghjkmnpqrstvwxyz")

    def test_ascends_within_a_process(self) -> None:
        made = [new_id("x") for _ in range(5_000)]

        assert made == sorted(made)
        assert len(set(made)) == len(made)

    def test_stays_unique_between_threads(self) -> None:
        made: list[str] = []

        def make() -> None:
            made.extend(new_id("x") for _ in range(2_000))

        threads = [threading.Thread(target=make) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(set(made)) == 8_000


class TestEncode:
    def test_agrees_with_the_ulid_specification(self) -> None:
        assert encode(0) == "0" * 26
        assert encode(2**128 - 1) == "7" + "z" * 25
        assert encode(31) == "0" * 25 + "z"

    def test_keeps_the_order_of_numbers(self) -> None:
        numbers = [1, 31, 32, 2**64, 2**80, 2**127]

        assert [encode(n) for n in numbers] == sorted(encode(n) for n in numbers)
