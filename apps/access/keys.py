"""The form of an API key: `ptl_<public id>_<secret><checksum>`.

The public id finds the row and may be shown; the secret is random; the checksum lets scanners and
the portal tell a mistyped key from a wrong one without asking the database.
"""

import hmac
import secrets
import string
import zlib
from dataclasses import dataclass, field
from typing import Final

from apps.access.errors import MalformedKeyError
from apps.core.crypto import keyed_hash

PREFIX: Final = "ptl"
PUBLIC_ALPHABET: Final = "0123456789abcdefghjkmnpqrstvwxyz"
PUBLIC_LENGTH: Final = 16
SECRET_ALPHABET: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
SECRET_LENGTH: Final = 40
CHECKSUM_LENGTH: Final = 6
LENGTH: Final = len(PREFIX) + PUBLIC_LENGTH + SECRET_LENGTH + CHECKSUM_LENGTH + 2


@dataclass(frozen=True, slots=True)
class ParsedKey:
    """A key in its parts; `text` is the whole of it and never shown by `repr`."""

    public_id: str
    text: str = field(repr=False)

    @property
    def last_four(self) -> str:
        """The end of the key, by which people tell two of them apart."""
        return self.text[-4:]


def mint() -> ParsedKey:
    """Make a new key; its secret has some 238 bits."""
    public_id = "".join(secrets.choice(PUBLIC_ALPHABET) for _ in range(PUBLIC_LENGTH))
    secret = "".join(secrets.choice(SECRET_ALPHABET) for _ in range(SECRET_LENGTH))
    body = f"{PREFIX}_{public_id}_{secret}"
    return ParsedKey(public_id=public_id, text=body + checksum(body))


def parse(text: str) -> ParsedKey:
    """Take a key apart, without asking whether it exists.

    Raises:
        MalformedKeyError: it cannot be a key; says what is wrong, and repeats nothing of it.
    """
    if not text.startswith(f"{PREFIX}_"):
        raise MalformedKeyError("This is not a key of the portal: those begin with `ptl_`.")
    if len(text) != LENGTH:
        raise MalformedKeyError(
            f"An API key has {LENGTH} characters and this one has {len(text)}: "
            "it was cut or has something added."
        )
    _, _, rest = text.partition("_")
    public_id, _, secret = rest.partition("_")
    if not _consists_of(public_id, PUBLIC_ALPHABET, PUBLIC_LENGTH) or not _consists_of(
        secret, SECRET_ALPHABET, SECRET_LENGTH + CHECKSUM_LENGTH
    ):
        raise MalformedKeyError("This API key has characters that no key has.")
    if not hmac.compare_digest(checksum(text[:-CHECKSUM_LENGTH]), text[-CHECKSUM_LENGTH:]):
        raise MalformedKeyError("The checksum of this API key is wrong: it was mistyped or cut.")
    return ParsedKey(public_id=public_id, text=text)


def digest_of(text: str) -> str:
    """Hash a whole key under the portal's pepper; this is all that is stored of its secret."""
    return keyed_hash(text.encode(), purpose="api-key").hex()


def is_same(digest: str, other: str) -> bool:
    """Compare two digests in time that does not depend on them."""
    return hmac.compare_digest(digest, other)


def checksum(body: str) -> str:
    """Write the CRC-32 of a text in six characters of base 62."""
    number = zlib.crc32(body.encode())
    digits = ""
    for _ in range(CHECKSUM_LENGTH):
        number, digit = divmod(number, len(SECRET_ALPHABET))
        digits = SECRET_ALPHABET[digit] + digits
    return digits


def _consists_of(text: str, alphabet: str, length: int) -> bool:
    return len(text) == length and not set(text).difference(alphabet)
