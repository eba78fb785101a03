"""The Gemini API: generate content, count tokens, embed, and models."""

from collections.abc import Callable
from typing import Final

from apps.providers.simulator.exchange import Incoming, Route, SimError, Stream, Whole, path_model
from apps.providers.simulator.gemini import embeddings, generate
from apps.providers.simulator.gemini.models import list_models, show_model
from apps.providers.simulator.gemini.shared import DIALECT, KEY_HEADER, paths

ONE: Final = "/models/{model:.+}"
ACT: Final = ONE + ":{verb:[A-Za-z]+}"
VERBS: Final[dict[str, Callable[[Incoming], Whole | Stream]]] = {
    "generateContent": generate.generate,
    "streamGenerateContent": generate.stream,
    "countTokens": generate.count,
    "embedContent": embeddings.embed,
    "batchEmbedContents": embeddings.embed_batch,
}


def _act(incoming: Incoming) -> Whole | Stream:
    verb = VERBS.get(incoming.parts["verb"])
    if verb is None:
        raise SimError(404, f"[simulated] Method not found: {incoming.parts['verb']}.")
    return verb(incoming)


ROUTES: Final = (
    Route("POST", (*paths(ACT), "/v1" + ACT), DIALECT, _act, path_model),
    Route("GET", paths("/models"), DIALECT, list_models),
    Route("GET", paths(ONE), DIALECT, show_model, path_model),
    # On the root that OpenAI clients use too, the kind of key tells who asks.
    Route("GET", ("/v1/models",), DIALECT, list_models, header=KEY_HEADER),
    Route("GET", ("/v1" + ONE,), DIALECT, show_model, path_model, KEY_HEADER),
)
