"""The simulated tokeniser: up to four bytes of UTF-8 a token, never a split character."""

import zlib

TOKEN_BYTES = 4


def tokens(text: str) -> list[str]:
    """Split a text into tokens; joined they are the text again."""
    if text.isascii():
        return [text[at : at + TOKEN_BYTES] for at in range(0, len(text), TOKEN_BYTES)]
    pieces: list[str] = []
    piece, size = "", 0
    for character in text:
        width = len(character.encode("utf-8", "replace"))
        if piece and size + width > TOKEN_BYTES:
            pieces.append(piece)
            piece, size = "", 0
        piece += character
        size += width
    if piece:
        pieces.append(piece)
    return pieces


def count(text: str) -> int:
    """Return how many tokens a text has."""
    if text.isascii():
        return -(-len(text) // TOKEN_BYTES)
    return len(tokens(text))


def clip(text: str, limit: int) -> str:
    """Return the first `limit` tokens of a text."""
    return "".join(tokens(text)[: max(limit, 0)])


def fragments(text: str, size: int = 2) -> list[str]:
    """Split a text into what one stream event carries, `size` tokens each."""
    pieces = tokens(text)
    return ["".join(pieces[at : at + size]) for at in range(0, len(pieces), size)]


def logprob(token: str, rank: int = 0) -> float:
    """Return a made-up log probability that depends on the token; a higher rank is less likely."""
    return -round((zlib.crc32(token.encode("utf-8", "replace")) % 997 + 1) / 1000 + rank, 4)


def rivals(token: str, count: int) -> list[str]:
    """Return `count` tokens of a made-up top list, the chosen one first."""
    return [token, *(f"{token}~{rank}" for rank in range(1, count))][:count]
