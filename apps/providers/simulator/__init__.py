"""A provider that needs no provider: every dialect on one local socket, plainly simulated.

It shares no code with `apps.providers.dialects`, so that the two check each other. Every text
begins with `[simulated]`, every answer bears the header `x-simulated: true`, the listed models are
called `sim-…`. Answers depend on the words of the request and on nothing else: the same question
gets the same answer, in every dialect.

Start it with `manage.py simulate_provider` or `python -m apps.providers.simulator`, or inside a
test with `serving.in_thread()`.

Where it listens (base URL for the official SDK → paths):

    OpenAI             …/openai/v1 or …/v1      /chat/completions /responses /responses/input_tokens
                                                /embeddings /moderations /images/generations
                                                /audio/speech /audio/transcriptions
                                                /audio/translations /rerank /models
    Anthropic          …/anthropic or …         /v1/messages /v1/messages/count_tokens /v1/models
    Gemini             …/gemini or …            /v1beta/models/{model}:{verb} /v1beta/models
                                                (and /v1 in place of /v1beta)
    Azure AI           …/azure, …/models or …   /chat/completions /embeddings /info
    Azure OpenAI       …                        /openai/deployments/{name}/chat/completions
                                                /openai/deployments/{name}/embeddings
    for tests          …                        GET /__log  POST /__reset  GET /__health

`GET /v1/models` answers in Anthropic's shape when the request has `anthropic-version`, in Gemini's
when it has `x-goog-api-key`.

Any credential is good unless it begins with `bad`; none at all is refused in the dialect's way.
Any model name is good unless it contains `-missing`, `does-not-exist` or `nonexistent`.

Words in the last user message that change the answer: "refuse" (refusal), "block the prompt",
"parallel" or the names of several tools (several calls), "interleave" (their fragments mixed,
OpenAI chat), "count to N" (a long text), "cached" (cache counts), "redacted" (Anthropic thinking).
Faults by model name or by the header `x-sim-fault`: see `faults`.
"""

from apps.providers.simulator.app import create_app

__all__ = ["create_app"]
