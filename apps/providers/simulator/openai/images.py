"""Answer image generation with small drawings.

Source: https://platform.openai.com/docs/api-reference/images/create
"""

import base64
from typing import Any, Final

from apps.providers.simulator import reading, tokens
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import Incoming, SimError, Whole, json_reply
from apps.providers.simulator.openai.pictures import DEFAULT_SIZE, draw, measures
from apps.providers.simulator.openai.shared import created

MAX_IMAGES: Final = 10
PIXELS_PER_TOKEN: Final = 1024


def generate(incoming: Incoming) -> Whole:
    """Answer POST /images/generations."""
    body = incoming.body
    reading.required(body, "prompt")
    prompt = reading.text(body["prompt"], "prompt")
    wanted = reading.whole(body, "n") or 1
    if wanted > MAX_IMAGES:
        raise SimError(400, f"[simulated] n must be at most {MAX_IMAGES}.", param="n")
    asked = body.get("response_format") or "b64_json"
    form = reading.one_of(asked, ("b64_json", "url"), "response_format")
    size = str(body.get("size") or DEFAULT_SIZE)
    key = digest(prompt)
    keys = [digest(prompt, str(index))[:16] for index in range(wanted)]
    return json_reply(
        {
            "created": created(key),
            "data": [_image(incoming, form, size, one, prompt) for one in keys],
            "usage": _usage(prompt, size, wanted),
        }
    )


def _image(incoming: Incoming, form: str, size: str, key: str, prompt: str) -> dict[str, str]:
    revised = {"revised_prompt": f"[simulated] stripes instead of: {prompt}"}
    measures(size)
    if form == "url":
        return {"url": f"{incoming.origin}/__image/{size}/{key}.png", **revised}
    return {"b64_json": base64.b64encode(draw(size, key)).decode(), **revised}


def _usage(prompt: str, size: str, wanted: int) -> dict[str, Any]:
    width, height = measures(size)
    spent, made = tokens.count(prompt), wanted * -(-width * height // PIXELS_PER_TOKEN)
    return {
        "input_tokens": spent,
        "output_tokens": made,
        "total_tokens": spent + made,
        "input_tokens_details": {"text_tokens": spent, "image_tokens": 0},
    }
