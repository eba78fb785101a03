"""The hasher of client secrets."""

from django.contrib.auth.hashers import check_password, identify_hasher, make_password

from apps.access.hashers import RandomSecretHasher


class TestRandomSecretHasher:
    def test_knows_its_own_secrets_and_no_others(self) -> None:
        encoded = make_password("secret", hasher="portal_hmac")

        assert check_password("secret", encoded)
        assert not check_password("other", encoded)
        assert isinstance(identify_hasher(encoded), RandomSecretHasher)

    def test_shows_only_a_part_of_the_hash(self) -> None:
        hasher = RandomSecretHasher()
        encoded = hasher.encode("secret", "salt")

        assert hasher.decode(encoded)["hash"] not in str(hasher.safe_summary(encoded))
