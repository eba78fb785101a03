"""Secrets at rest: envelope encryption under versioned keys, and keyed hashes.

A sealed value is: one byte of format, four of key version, 12 + 48 of wrapped data key, 12 of
nonce, then ciphertext and tag. The data key is fresh for each value; wrapping it again under a
newer key-encryption key leaves the ciphertext alone.
"""

import hashlib
import os
import struct
from functools import lru_cache
from typing import ClassVar, Final, NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from apps.core.errors import PortalError

FORMAT: Final = 1
NONCE_BYTES: Final = 12
KEY_BYTES: Final = 32
WRAPPED_BYTES: Final = KEY_BYTES + 16
HEADER: Final = struct.Struct(f">BI{NONCE_BYTES}s{WRAPPED_BYTES}s{NONCE_BYTES}s")


class SealBrokenError(PortalError):
    """A sealed value cannot be opened: another key, another owner, or damaged."""

    code: ClassVar[str] = "seal_broken"


class _Envelope(NamedTuple):
    version: int
    wrap_nonce: bytes
    wrapped: bytes
    nonce: bytes
    ciphertext: bytes


def seal(plaintext: bytes, *, context: str) -> bytes:
    """Encrypt for one owner; `context` is its immutable id and is needed again to open."""
    key = os.urandom(KEY_BYTES)
    nonce = os.urandom(NONCE_BYTES)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext, _binding("value", context))
    return _wrap(key, nonce=nonce, context=context) + ciphertext


def open_sealed(sealed: bytes, *, context: str) -> bytes:
    """Decrypt what `seal` made for the same context.

    Raises:
        SealBrokenError: it was sealed for another context or key, or was changed.
    """
    envelope = _read(sealed)
    key = _unwrap(envelope, context=context)
    return _decrypt(key, envelope.nonce, envelope.ciphertext, _binding("value", context))


def rewrap(sealed: bytes, *, context: str) -> bytes:
    """Put the data key under the newest key-encryption key; the secret itself stays closed."""
    envelope = _read(sealed)
    key = _unwrap(envelope, context=context)
    return _wrap(key, nonce=envelope.nonce, context=context) + envelope.ciphertext


def key_version_of(sealed: bytes) -> int:
    """Name the version of the key-encryption key that a value is under."""
    return _read(sealed).version


def current_key_version() -> int:
    """Name the version that new values are sealed under."""
    return max(settings.PORTAL_KEY_ENCRYPTION_KEYS)


def keyed_hash(value: bytes, *, purpose: str) -> bytes:
    """Hash a high-entropy secret under the portal's pepper; 32 bytes, different by purpose.

    Keyed BLAKE2b: as good as an HMAC for this, and it keeps the interpreter lock, which OpenSSL's
    HMAC lets go of and then waits for, on every call, behind the threads that write.

    Source: RFC 7693 section 2.9 (keyed hashing).
    """
    key = _hash_key(settings.PORTAL_KEY_PEPPER, purpose)
    return hashlib.blake2b(value, digest_size=32, key=key).digest()


@lru_cache(maxsize=64)
def _hash_key(pepper: bytes, purpose: str) -> bytes:
    return hashlib.blake2b(b"portal:" + purpose.encode() + b"\0" + pepper).digest()


def _wrap(key: bytes, *, nonce: bytes, context: str) -> bytes:
    version = current_key_version()
    wrap_nonce = os.urandom(NONCE_BYTES)
    wrapped = _cipher(version).encrypt(wrap_nonce, key, _binding(f"key:{version}", context))
    return HEADER.pack(FORMAT, version, wrap_nonce, wrapped, nonce)


def _unwrap(envelope: _Envelope, *, context: str) -> bytes:
    binding = _binding(f"key:{envelope.version}", context)
    cipher = _cipher(envelope.version)
    try:
        return cipher.decrypt(envelope.wrap_nonce, envelope.wrapped, binding)
    except InvalidTag:
        raise SealBrokenError("A stored secret does not belong here, or was changed.") from None


def _decrypt(key: bytes, nonce: bytes, ciphertext: bytes, binding: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(nonce, ciphertext, binding)
    except InvalidTag:
        raise SealBrokenError("A stored secret was changed.") from None


def _read(sealed: bytes) -> _Envelope:
    # The database hands out memoryviews on PostgreSQL.
    data = bytes(sealed)
    if len(data) < HEADER.size or data[0] != FORMAT:
        raise SealBrokenError("A stored secret is not in a form that this version reads.")
    _, version, wrap_nonce, wrapped, nonce = HEADER.unpack_from(data)
    return _Envelope(version, wrap_nonce, wrapped, nonce, data[HEADER.size :])


def _binding(part: str, context: str) -> bytes:
    return f"portal:{part}:{context}".encode()


def _cipher(version: int) -> AESGCM:
    key: bytes | None = settings.PORTAL_KEY_ENCRYPTION_KEYS.get(version)
    if key is None:
        raise SealBrokenError(f"Key-encryption key {version} is not configured.")
    return _cipher_of(key)


@lru_cache(maxsize=16)
def _cipher_of(key: bytes) -> AESGCM:
    return AESGCM(key)
