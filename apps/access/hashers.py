"""A hasher for secrets that the portal made itself.

A random secret cannot be guessed, so that the slow hashes meant for passwords would only make the
token endpoint an easy target.
"""

import hmac
from typing import Any

from django.contrib.auth.hashers import BasePasswordHasher, mask_hash
from typing_extensions import override

from apps.core.crypto import keyed_hash


class RandomSecretHasher(BasePasswordHasher):
    """One keyed hash under the portal's pepper."""

    algorithm = "portal_hmac"

    @override
    def encode(self, password: str, salt: str) -> str:
        digest = keyed_hash(f"{salt}:{password}".encode(), purpose="client-secret")
        return f"{self.algorithm}${salt}${digest.hex()}"

    @override
    def decode(self, encoded: str) -> dict[str, Any]:
        algorithm, salt, digest = encoded.split("$", 2)
        return {"algorithm": algorithm, "salt": salt, "hash": digest}

    @override
    def verify(self, password: str, encoded: str) -> bool:
        expected = self.encode(password, self.decode(encoded)["salt"])
        return hmac.compare_digest(expected.encode(), encoded.encode())

    @override
    def safe_summary(self, encoded: str) -> Any:
        parts = self.decode(encoded)
        return {"algorithm": parts["algorithm"], "hash": mask_hash(parts["hash"])}

    @override
    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing to do: the cost is the same for every secret."""
