"""The commands and their names."""

from typing import Annotated

import typer

from pipelines import __version__
from pipelines.cli import demonstrating, ingesting, issued, looking, running
from pipelines.cli.flags import DebugFlag, JsonFlag, WarehouseFlag, with_common

app = typer.Typer(
    name="manyhands",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,
)
statements = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
dead_letters = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


def _show_version(asked: bool) -> None:  # noqa: FBT001  as the parser calls it
    if asked:
        typer.echo(f"manyhands {__version__}")
        raise typer.Exit


@app.callback()
def root(
    *,
    warehouse: WarehouseFlag = None,
    json: JsonFlag = False,
    debug: DebugFlag = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Turn a marketplace's events into royalty statements: exact, explainable, never edited.

    Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 the gate found something, 5 conflict,
    75 try again later.
    """


app.command("init")(with_common(running.init))
app.command("demo")(demonstrating.demo)
app.command("ingest")(with_common(ingesting.ingest))
app.command("close")(with_common(running.close))
app.add_typer(statements, name="statements", help="List, show and export statements.")
statements.command("list")(with_common(issued.list_statements))
statements.command("show")(with_common(issued.show_statement))
statements.command("export")(with_common(issued.export_statements))
app.command("held")(with_common(issued.held))
app.command("query")(with_common(looking.query))
app.command("status")(with_common(looking.status))
app.add_typer(dead_letters, name="deadletter", help="Look at what was refused.")
dead_letters.command("list")(with_common(looking.list_dead_letters))
dead_letters.command("show")(with_common(looking.show_dead_letter))
