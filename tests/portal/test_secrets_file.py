"""The secrets of an embedded portal."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from portal import secrets_file


class TestEnsure:
    def test_gives_all_starters_the_same_secrets(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets.json"

        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(lambda _: secrets_file.ensure(path), range(8)))

        assert all(values == found[0] for values in found)
        assert [file.name for file in tmp_path.iterdir()] == ["secrets.json"]
