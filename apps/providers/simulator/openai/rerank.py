"""Answer rerank by shared words, in the shape that Cohere, Jina and vLLM have in common.

Source: https://docs.cohere.com/reference/rerank
"""

from typing import Any

from apps.providers.simulator import reading, tokens, vectors
from apps.providers.simulator.dice import digest
from apps.providers.simulator.exchange import Incoming, Whole, json_reply


def rerank(incoming: Incoming) -> Whole:
    """Answer POST /rerank, the best document first."""
    body = incoming.body
    reading.required(body, "model", "query", "documents")
    query = reading.text(body["query"], "query")
    documents = [
        _text(document, f"documents[{at}]")
        for at, document in enumerate(reading.items(body["documents"], "documents", least=1))
    ]
    results = [_result(query, at, text) for at, text in enumerate(documents)]
    results.sort(key=lambda result: (-result["relevance_score"], result["index"]))
    kept = results[: reading.whole(body, "top_n") or len(results)]
    if body.get("return_documents"):
        kept = [{**one, "document": {"text": documents[one["index"]]}} for one in kept]
    spent = tokens.count(query) + sum(map(tokens.count, documents))
    return json_reply(
        {
            "id": f"rerank-sim{digest(query, *documents)[:24]}",
            "model": body["model"],
            "results": kept,
            "usage": {"prompt_tokens": spent, "total_tokens": spent},
        }
    )


def _text(document: Any, where: str) -> str:
    if isinstance(document, str):
        return document
    return reading.text(reading.mapping(document, where).get("text"), f"{where}.text")


def _result(query: str, index: int, text: str) -> dict[str, Any]:
    return {"index": index, "relevance_score": vectors.closeness(query, text)}
