"""Envelope encryption and keyed hashes."""

import pytest
from pytest_django import Settings

from apps.core import crypto
from apps.core.crypto import SealBrokenError

SECRET = b"sk-something-secret"


class TestSeal:
    def test_is_opened_by_the_same_context(self) -> None:
        sealed = crypto.seal(SECRET, context="cred_1")

        assert crypto.open_sealed(sealed, context="cred_1") == SECRET

    def test_opens_what_a_database_hands_out_as_memoryview(self) -> None:
        sealed = memoryview(crypto.seal(SECRET, context="cred_1"))

        assert crypto.open_sealed(sealed, context="cred_1") == SECRET  # type: ignore[arg-type]

    def test_shows_nothing_and_differs_each_time(self) -> None:
        first, second = (crypto.seal(SECRET, context="cred_1") for _ in range(2))

        assert SECRET not in first
        assert first != second

    def test_carries_an_empty_secret(self) -> None:
        assert crypto.open_sealed(crypto.seal(b"", context="x"), context="x") == b""


class TestOpenSealed:
    def test_refuses_the_row_of_another(self) -> None:
        sealed = crypto.seal(SECRET, context="cred_1")

        with pytest.raises(SealBrokenError, match="does not belong here"):
            crypto.open_sealed(sealed, context="cred_2")

    def test_refuses_every_changed_byte(self) -> None:
        sealed = crypto.seal(SECRET, context="cred_1")

        for place in range(len(sealed)):
            changed = bytearray(sealed)
            changed[place] ^= 1
            with pytest.raises(SealBrokenError):
                crypto.open_sealed(bytes(changed), context="cred_1")

    @pytest.mark.parametrize("garbage", [b"", b"\x01", b"\x02" + bytes(200)])
    def test_refuses_what_was_never_sealed(self, garbage: bytes) -> None:
        with pytest.raises(SealBrokenError, match="not in a form"):
            crypto.open_sealed(garbage, context="x")

    def test_names_the_key_that_is_missing(self, settings: Settings) -> None:
        sealed = crypto.seal(SECRET, context="x")
        settings.PORTAL_KEY_ENCRYPTION_KEYS = {2: b"n" * 32}

        with pytest.raises(SealBrokenError, match="key 1 is not configured"):
            crypto.open_sealed(sealed, context="x")


class TestRewrap:
    def test_moves_to_the_newest_key_and_leaves_the_secret_closed(self, settings: Settings) -> None:
        sealed = crypto.seal(SECRET, context="x")
        old = settings.PORTAL_KEY_ENCRYPTION_KEYS[1]
        settings.PORTAL_KEY_ENCRYPTION_KEYS = {1: old, 2: b"n" * 32}

        moved = crypto.rewrap(sealed, context="x")

        settings.PORTAL_KEY_ENCRYPTION_KEYS = {2: b"n" * 32}
        assert crypto.key_version_of(moved) == 2
        assert crypto.open_sealed(moved, context="x") == SECRET
        assert moved.endswith(sealed[-len(SECRET) - 16 :])

    def test_refuses_another_context(self) -> None:
        with pytest.raises(SealBrokenError):
            crypto.rewrap(crypto.seal(SECRET, context="x"), context="y")


class TestKeyedHash:
    def test_depends_on_value_purpose_and_pepper(self, settings: Settings) -> None:
        first = crypto.keyed_hash(b"value", purpose="a")
        others = [crypto.keyed_hash(b"value", purpose="b"), crypto.keyed_hash(b"v", purpose="a")]
        settings.PORTAL_KEY_PEPPER = b"another"
        others.append(crypto.keyed_hash(b"value", purpose="a"))

        assert len({first, *others}) == 4
        assert len(first) == 32
