"""``python -m jointopt`` is the command ``jointopt``."""

from jointopt.cli import main

if __name__ == "__main__":
    main()
