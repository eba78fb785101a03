"""What the simulated provider says: derived from the words of the question and nothing else."""

import re
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson

from apps.providers.simulator import schemas, tokens
from apps.providers.simulator.asks import Ask, Tool
from apps.providers.simulator.dice import Dice, digest

LABEL: Final = "[simulated]"
SUMMARY_CHARACTERS: Final = 120
MAX_COUNT: Final = 5000

OPENERS = (
    "Nobody is thinking here, but I read every word.",
    "A good question, and this is only a rehearsal of an answer.",
    "No model was troubled for this.",
    "I am a stand-in, so take this lightly.",
)
MUSINGS = (
    "With a real model behind me I would now explain “{word}” at length.",
    "The word “{word}” caught my eye; a real model would know why.",
    "Ask the same again and you will hear the same, down to the last “{word}”.",
    "Replace me with a provider and “{word}” will get the answer it deserves.",
)


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call that the answer makes."""

    name: str
    arguments: dict[str, Any]
    key: str

    @property
    def arguments_json(self) -> str:
        return orjson.dumps(self.arguments).decode()


@dataclass(frozen=True, slots=True)
class Answer:
    """One choice; `finish` is stop, stop_sequence, length, tools or refusal."""

    index: int
    finish: str
    text: str = ""
    reasoning: str = ""
    refusal: str = ""
    calls: tuple[Call, ...] = ()
    stop_sequence: str | None = None
    key: str = ""

    @property
    def reasoning_tokens(self) -> int:
        return tokens.count(self.reasoning)

    @property
    def output_tokens(self) -> int:
        """All that was produced, reasoning included."""
        spoken = tokens.count(self.text) + tokens.count(self.refusal)
        called = sum(tokens.count(call.name + call.arguments_json) for call in self.calls)
        return self.reasoning_tokens + spoken + called


def answers(ask: Ask) -> list[Answer]:
    """Return one answer for each choice that was asked for."""
    return [answer(ask, index) for index in range(max(ask.choices, 1))]


def answer(ask: Ask, index: int = 0) -> Answer:
    """Return one answer; another index gives another wording of the same."""
    dice = Dice(digest(ask.seed, str(index)))
    key = dice.letters(24)
    if "refuse" in ask.user_text.lower():
        refusal = f"{LABEL} I was asked to refuse, and so I do."
        return Answer(index, "refusal", refusal=refusal, key=key)
    reasoning = _reasoning(ask) if ask.reasoning else ""
    calls = tuple(_calls(ask, dice))
    text = "" if calls else _text(ask, dice)
    made = Answer(index, "tools" if calls else "stop", text, reasoning, "", calls, key=key)
    return _within_limit(_stopped(made, ask.stops), ask.max_tokens)


def wants_block(ask: Ask) -> bool:
    """Whether the question asks to be blocked before any model sees it."""
    return "block the prompt" in ask.user_text.lower()


def _stopped(made: Answer, stops: tuple[str, ...]) -> Answer:
    found = [(made.text.find(stop), stop) for stop in stops if stop and stop in made.text]
    if not found:
        return made
    at, stop = min(found)
    return replace(made, finish="stop_sequence", text=made.text[:at], stop_sequence=stop)


def _within_limit(made: Answer, limit: int | None) -> Answer:
    """Cut what passes the output limit: reasoning counts first, a tool call comes whole or not."""
    if limit is None or made.output_tokens <= limit:
        return made
    reasoning = tokens.clip(made.reasoning, limit)
    left = limit - tokens.count(reasoning)
    text = made.text or f"{LABEL} I meant to call a tool."
    said = tokens.clip(text, left)
    return replace(made, finish="length", text=said, reasoning=reasoning, calls=())


def _calls(ask: Ask, dice: Dice) -> list[Call]:
    offered = _offered(ask)
    forced = ask.tool_choice == "required" or ask.tool_choice.startswith("=")
    if not offered or ask.tool_choice == "none" or (ask.results and not forced):
        return []
    words = schemas.telling_words(ask.user_text)
    return [
        Call(
            tool.name,
            _arguments(tool, seed=dice.letters(16), words=words[at:] + words[:at]),
            dice.letters(24),
        )
        for at, tool in enumerate(_chosen(ask, offered))
    ]


def _offered(ask: Ask) -> tuple[Tool, ...]:
    if not ask.tool_choice.startswith("="):
        return ask.tools
    return tuple(tool for tool in ask.tools if tool.name == ask.tool_choice[1:])


def _chosen(ask: Ask, offered: tuple[Tool, ...]) -> tuple[Tool, ...]:
    said = ask.user_text.lower()
    named = tuple(tool for tool in offered if tool.name.lower() in said)
    wanted = named or offered[:1]
    if not ask.parallel:
        return wanted[:1]
    if "parallel" in said and len(wanted) < 2:
        others = tuple(tool for tool in offered if tool not in wanted)
        return wanted + (others[:1] or wanted)
    return wanted


def _arguments(tool: Tool, *, seed: str, words: list[str]) -> dict[str, Any]:
    made = schemas.instance(tool.schema, seed=seed, words=words) if tool.schema else {}
    return made if isinstance(made, dict) else {}


def _reasoning(ask: Ask) -> str:
    words = len(ask.user_text.split())
    return (
        f"{LABEL} The question has {words} words and {len(ask.media)} attachments; "
        f"{len(ask.tools)} tools are offered and {len(ask.results)} results have come back. "
        "I will say what I saw."
    )


def _text(ask: Ask, dice: Dice) -> str:
    if ask.schema is not None:
        return orjson.dumps(schemas.instance(ask.schema, seed=dice.letters(16))).decode()
    if ask.json_object:
        said = {"simulated": True, "question": summary(ask.user_text)}
        return orjson.dumps({**said, "words": len(ask.user_text.split())}).decode()
    counting = re.search(r"\bcount to (\d{1,6})\b", ask.user_text, re.IGNORECASE)
    if counting:
        numbers = range(1, min(int(counting[1]), MAX_COUNT) + 1)
        return f"{LABEL} {' '.join(map(str, numbers))}"
    return " ".join([LABEL, dice.pick(OPENERS), *_observations(ask), _musing(ask, dice)])


def _observations(ask: Ask) -> list[str]:
    said = []
    if ask.user_text:
        words = len(ask.user_text.split())
        said.append(f"You said “{summary(ask.user_text)}”, which is {words} words.")
    if ask.system_text:
        said.append(f"I also follow instructions of {len(ask.system_text.split())} words.")
    said += [f"I received {media.describe()}." for media in ask.media]
    for result in ask.results:
        verb = "failed with" if result.is_error else "answered"
        said.append(f"The tool {result.name} {verb} “{summary(result.text)}”.")
    return said


def _musing(ask: Ask, dice: Dice) -> str:
    words = schemas.telling_words(ask.user_text) or ["nothing"]
    return dice.pick(MUSINGS).format(word=dice.pick(words))


def summary(text: str) -> str:
    """Return a text on one line, cut at a word."""
    line = " ".join(text.split())
    if len(line) <= SUMMARY_CHARACTERS:
        return line
    return line[:SUMMARY_CHARACTERS].rsplit(" ", 1)[0] + " …"
