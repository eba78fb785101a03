"""The Anthropic API: messages, token counts and models."""

from typing import Final

from apps.providers.simulator.anthropic import messages
from apps.providers.simulator.anthropic.models import list_models, show_model
from apps.providers.simulator.anthropic.shared import DIALECT, VERSION_HEADER
from apps.providers.simulator.exchange import Route, path_model

ROUTES: Final = (
    Route("POST", ("/anthropic/v1/messages", "/v1/messages"), DIALECT, messages.create),
    Route(
        "POST",
        ("/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens"),
        DIALECT,
        messages.count,
    ),
    Route("GET", ("/anthropic/v1/models",), DIALECT, list_models),
    Route("GET", ("/anthropic/v1/models/{model:.+}",), DIALECT, show_model, path_model),
    # On the root that OpenAI clients use too, the version header tells who asks.
    Route("GET", ("/v1/models",), DIALECT, list_models, header=VERSION_HEADER),
    Route("GET", ("/v1/models/{model:.+}",), DIALECT, show_model, path_model, VERSION_HEADER),
)
