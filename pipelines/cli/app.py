"""The commands and their names."""

from typing import Annotated

import typer

from pipelines import __version__
from pipelines.cli import (
    archive,
    checkpoint,
    close,
    deadletter,
    demo,
    drafts,
    earnings,
    estimate,
    explain,
    held,
    ingest,
    init,
    keygen,
    maintain,
    migrate,
    publish,
    query,
    rebuild,
    replay,
    simulate,
    statements,
    status,
    validate,
    verify,
)
from pipelines.cli.flags import Command, DebugFlag, JsonFlag, WarehouseFlag, with_common
from pipelines.cli.runners import RunnerCommand

app = typer.Typer(
    name="manyhands",
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    no_args_is_help=True,
    rich_markup_mode=None,
)
of_statements = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
of_log = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
of_checkpoints = typer.Typer(no_args_is_help=True, rich_markup_mode=None)
of_dead_letters = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


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

    Exit codes: 0 done, 1 failed, 2 usage, 3 not found, 4 the gate, validate or verify found
    something, 5 conflict, 75 try again later, 129, 130 and 143 ended by SIGHUP, SIGINT and SIGTERM.
    """


app.command("init")(with_common(init.init))
app.command("demo")(demo.demo)
app.command("validate", cls=Command)(validate.validate)
app.command("ingest", cls=RunnerCommand)(with_common(ingest.ingest))
app.command("close", cls=RunnerCommand)(with_common(close.close))
app.command("keygen", cls=Command)(keygen.keygen)
app.command("publish")(with_common(publish.publish))
app.add_typer(
    of_statements, name="statements", help="List, show, prove, export and compare statements."
)
of_statements.command("list")(with_common(statements.list_statements))
of_statements.command("show", cls=Command)(with_common(statements.show_statement))
of_statements.command("export")(with_common(statements.export_statements))
of_statements.command("proof", cls=Command)(with_common(statements.prove_statement))
of_statements.command("diff", cls=Command)(with_common(drafts.compare_draft))
app.command("earnings")(with_common(earnings.earnings))
app.command("explain", cls=Command)(with_common(explain.explain))
app.command("estimate")(with_common(estimate.estimate))
app.command("simulate")(with_common(simulate.simulate))
app.command("held")(with_common(held.held))
app.command("query", cls=Command)(with_common(query.query))
app.command("status")(with_common(status.status))
app.command("verify")(with_common(verify.verify))
app.add_typer(
    of_checkpoints, name="checkpoint", help="Show the last checkpoint, and have it cosigned."
)
of_checkpoints.command("show")(with_common(checkpoint.show_checkpoint))
of_checkpoints.command("witness", cls=Command)(with_common(checkpoint.witness_checkpoint))
app.command("rebuild")(with_common(rebuild.rebuild))
app.add_typer(of_log, name="log", help="Export the log as an archive, and import one.")
of_log.command("export")(with_common(archive.export_log))
of_log.command("import", cls=Command)(with_common(archive.import_log))
app.command("maintain")(with_common(maintain.maintain))
app.command("migrate")(with_common(migrate.migrate))
app.add_typer(of_dead_letters, name="deadletter", help="List, replay and close what was refused.")
of_dead_letters.command("list")(with_common(deadletter.list_dead_letters))
of_dead_letters.command("show", cls=Command)(with_common(deadletter.show_dead_letter))
of_dead_letters.command("replay", cls=Command)(with_common(replay.replay_dead_letters))
of_dead_letters.command("dismiss", cls=Command)(with_common(deadletter.dismiss_dead_letters))
of_dead_letters.command("export", cls=Command)(with_common(deadletter.export_dead_letters))
