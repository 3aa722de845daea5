"""The subcommands. Each module imports what it needs when it is called, so that ``--help`` is instant."""
