from tests.providers.simulator.client import Client

BODY = {"model": "sim-small", "messages": [{"role": "user", "content": "hello"}]}
PATH = "/openai/v1/chat/completions"


class TestLog:
    def test_shows_what_was_asked_without_credentials(self, client: Client) -> None:
        client.post(PATH + "?trace=1", BODY, api_key="key-of-somebody", x_trace="seen")

        (entry,) = client.log()
        assert (entry["method"], entry["path"], entry["query"]) == ("POST", PATH, {"trace": "1"})
        assert entry["body"] == BODY
        assert entry["headers"]["x-trace"] == "seen"
        assert entry["headers"]["authorization"] == "(hidden)"
        assert entry["headers"]["api-key"] == "(hidden)"
        assert entry["finished_at"] >= entry["arrived_at"]
        assert (entry["status"], entry["dialect"], entry["model"]) == (200, "openai", "sim-small")

    def test_is_emptied_by_reset(self, client: Client) -> None:
        client.post(PATH, BODY)

        client.post("/__reset", {})

        assert client.log() == []

    def test_notes_refused_calls_and_unknown_paths_too(self, client: Client) -> None:
        client.post(PATH, {})
        client.get("/nowhere")

        assert [entry["status"] for entry in client.log()] == [400, 404]

    def test_leaves_large_bodies_out(self, client: Client) -> None:
        large = [{"role": "user", "content": "x" * 70_000}]

        client.post(PATH, {**BODY, "messages": large})

        (entry,) = client.log()
        assert entry["body"] is None
        assert entry["body_bytes"] > 70_000

    def test_health_counts(self, client: Client) -> None:
        client.post(PATH, BODY)

        assert client.get("/__health").json == {"simulated": True, "status": "ok", "requests": 1}
