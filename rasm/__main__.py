"""``python -m rasm``: the command line of ``rasm/cli.py``."""

import sys

from rasm.cli import main

sys.exit(main())
