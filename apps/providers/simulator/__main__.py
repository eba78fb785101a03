"""Run the simulated provider without Django."""

import argparse
import sys

from apps.providers.simulator import serving


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="python -m apps.providers.simulator")
    parser.add_argument("--host", default=serving.DEFAULT_HOST)
    parser.add_argument("--port", type=int, default=serving.DEFAULT_PORT, help="0 takes a free one")
    parser.add_argument("--pace-ms", type=int, default=serving.DEFAULT_PACE_MS)
    options = parser.parse_args()
    serving.run(host=options.host, port=options.port, pace_ms=options.pace_ms, announce=_write_line)


def _write_line(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
