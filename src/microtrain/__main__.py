"""`python -m microtrain`, and the installed command: the command line."""


def main() -> int:
    """Run the command. Ctrl-C while its own modules are imported ends it as it does later."""
    try:
        from .cli import main as run

        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
