"""Signatures of thoughts in `thoughtSignature`, a bytes field: base64 on the wire.

A signature of this dialect passes as it is. One of another dialect is sealed with the name of its
origin, and with what the part had besides (item id, redacted), then put in base64, because the
official clients decode the field and encode it anew.
"""

import base64
import binascii

import msgspec

from apps.providers.dialects.gemini_generate.terms import NAME
from apps.providers.dialects.signatures import seal, unseal

# Base64 of `portal:`: how a sealed signature begins, in either alphabet of base64.
SEALED = "cG9ydGFsO"

# Said instead of a signature that nobody has: the call came from another model, or through a
# dialect that has no place for it. Source: ai.google.dev/gemini-api/docs/thought-signatures.
NO_SIGNATURE = base64.b64encode(b"skip_thought_signature_validator").decode()
_NO_SIGNATURES = frozenset({NO_SIGNATURE, "skip_thought_signature_validator"})


class Signature(msgspec.Struct, frozen=True):
    """What `thoughtSignature` holds."""

    text: str | None = None
    origin: str = NAME
    id: str | None = None
    redacted: bool = False

    @property
    def is_foreign(self) -> bool:
        """Whether another dialect made it."""
        return self.origin not in ("", NAME)


def write_signature(signature: Signature) -> str | None:
    """The field's value for a caller; None when there is nothing to carry."""
    if not signature.is_foreign:
        return signature.text
    if not signature.text and not signature.id and not signature.redacted:
        return None
    flag = "r" if signature.redacted else ""
    held = f"{signature.text or ''}#{signature.id or ''}#{flag}"
    return base64.b64encode(seal(signature.origin, held, dialect=NAME).encode()).decode()


def read_signature(field: str | None) -> Signature:
    """What a caller (or a provider) sent in the field."""
    if not field or field in _NO_SIGNATURES:
        return Signature()
    if not field.startswith(SEALED):
        return Signature(field)
    try:
        sealed = base64.b64decode(standard_base64(field)).decode()
    except (binascii.Error, ValueError):
        return Signature(field)
    origin, held = unseal(sealed, dialect=NAME)
    pieces = held.rsplit("#", 2)
    if origin == NAME or len(pieces) != 3:
        return Signature(field)
    return Signature(pieces[0] or None, origin, pieces[1] or None, pieces[2] == "r")


def standard_base64(text: str) -> str:
    """Base64 in the standard alphabet with padding; the service takes and gives both alphabets."""
    if "-" in text or "_" in text:
        text = text.replace("-", "+").replace("_", "/")
    return text + "=" * (-len(text) % 4)
