"""`python -m microtrain`: the command line."""

from .cli import main

raise SystemExit(main())
