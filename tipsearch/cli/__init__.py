"""The command line: the Typer commands, and how their results are printed."""
