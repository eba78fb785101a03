"""Make a text that a regular expression accepts, for `pattern` in JSON Schemas."""

import importlib
import re
from typing import Any

_parser: Any = importlib.import_module("re._parser")

MAX_REPEATS = 8
_CATEGORIES = {
    "CATEGORY_DIGIT": "7",
    "CATEGORY_WORD": "s",
    "CATEGORY_SPACE": " ",
    "CATEGORY_NOT_DIGIT": "s",
    "CATEGORY_NOT_WORD": "-",
    "CATEGORY_NOT_SPACE": "s",
}


def matching(pattern: str, least: int = 0) -> str:
    """Return a text that matches, at least that long if the pattern allows; "" if none is found."""
    try:
        tree = _parser.parse(pattern)
        accepts = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return ""
    for extra in range(MAX_REPEATS + 1):
        text = _write(tree, max(extra, least if extra else 0))
        if len(text) >= least and accepts.search(text):
            return text
    return _write(tree, 0)


def _write(tree: Any, extra: int) -> str:
    return "".join(_one(str(op), argument, extra) for op, argument in tree)


def _one(op: str, argument: Any, extra: int) -> str:
    if op == "LITERAL":
        return chr(argument)
    if op == "NOT_LITERAL":
        return "s" if argument != ord("s") else "t"
    if op == "ANY":
        return "s"
    if op == "IN":
        return _from_class(argument)
    if op == "BRANCH":
        return _write(argument[1][0], extra)
    if op == "SUBPATTERN":
        return _write(argument[-1], extra)
    if op in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
        low, high, inner = argument
        times = min(low + extra, int(high))
        return "".join(_write(inner, 0) for _ in range(times))
    return ""


def _from_class(items: Any) -> str:
    kinds = [(str(op), argument) for op, argument in items]
    if kinds and kinds[0][0] == "NEGATE":
        return next(letter for letter in "s7-_ AZ.é" if not _in_class(letter, kinds[1:]))
    op, argument = kinds[0]
    if op == "LITERAL":
        return chr(argument)
    if op == "RANGE":
        return chr(argument[0])
    return _CATEGORIES.get(str(argument), "s")


def _in_class(letter: str, kinds: list[tuple[str, Any]]) -> bool:
    for op, argument in kinds:
        if op == "LITERAL" and ord(letter) == argument:
            return True
        if op == "RANGE" and argument[0] <= ord(letter) <= argument[1]:
            return True
        if op == "CATEGORY" and _category_holds(str(argument), letter):
            return True
    return False


def _category_holds(category: str, letter: str) -> bool:
    holds = {
        "DIGIT": letter.isdigit(),
        "WORD": letter.isalnum() or letter == "_",
        "SPACE": letter.isspace(),
    }
    name = category.removeprefix("CATEGORY_")
    return not holds[name.removeprefix("NOT_")] if name.startswith("NOT_") else holds[name]
