"""The log: one JSON object a line, secrets masked."""

import json
import logging
from io import StringIO
from typing import Any

import pytest
import structlog
from django.conf import settings
from django.utils.module_loading import import_string

KEY = "ptl_0123456789abcdef_ThisIsTheSecretPart"


@pytest.fixture
def written() -> StringIO:
    stream = StringIO()
    logging_settings: dict[str, Any] = dict(settings.LOGGING)
    options = dict(logging_settings["formatters"]["portal"])
    formatter = options.pop("()")
    made = import_string(formatter) if isinstance(formatter, str) else formatter
    handler = logging.StreamHandler(stream)
    handler.setFormatter(made(**options))
    logger = logging.getLogger("portal.test")
    logger.handlers = [handler]
    logger.propagate = False
    logger.setLevel("INFO")
    return stream


class TestLog:
    def test_masks_what_the_standard_library_writes(self, written: StringIO) -> None:
        logging.getLogger("portal.test").warning("refused %s", KEY, extra={"api_key": "abc"})

        entry = json.loads(written.getvalue())
        assert entry["event"] == "refused ptl_0123456789abcdef_***"
        assert (entry["api_key"], entry["level"], entry["logger"]) == (
            "***",
            "warning",
            "portal.test",
        )

    def test_masks_what_structlog_writes(self, written: StringIO) -> None:
        structlog.get_logger("portal.test").info("call", headers={"Authorization": f"Bearer {KEY}"})

        entry = json.loads(written.getvalue())
        assert entry["headers"] == {"Authorization": "***"}
        assert entry["event"] == "call"

    def test_writes_no_local_variables(self, written: StringIO) -> None:
        try:
            words = "a plain secret that looks like nothing"
            raise ValueError(len(words))
        except ValueError:
            logging.getLogger("portal.test").exception("failed")

        assert "looks like nothing" not in written.getvalue()

    def test_masks_exceptions(self, written: StringIO) -> None:
        try:
            raise ValueError(f"bad key {KEY}")
        except ValueError:
            logging.getLogger("portal.test").exception("failed")

        assert "ThisIsTheSecretPart" not in written.getvalue()
        assert "ValueError" in written.getvalue()
        assert len(written.getvalue().splitlines()) == 1
