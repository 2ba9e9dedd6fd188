"""The ``baton`` command."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bots.terminal.arguments import build_parser

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line and give its exit status.

    0 it succeeded, 1 it was refused or failed, 2 it was not understood, 3 the run has
    not ended.
    """
    parser = build_parser()
    arguments = parser.parse_args(argv)
    # Imported late: argparse has answered --help and mistypes by now, without loading the product.
    from bots.terminal.perform import perform
    from bots.terminal.trouble import told
    from bots.terminal.wiring import ProcessWiring

    try:
        return perform(arguments, ProcessWiring(host=arguments.host, port=arguments.port))
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        # The last stop of every error: one sentence for the person, the rest for the log.
        sys.stderr.write(f"baton: {told(error)}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main())
