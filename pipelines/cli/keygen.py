"""The command `keygen`: makes the key that checkpoints are signed by."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.flags import DebugFlag, JsonFlag, SigningKeyFlag
from pipelines.cli.printing import print_document, print_line
from pipelines.cli.settings import is_given
from pipelines.errors import UsageError

DEFAULT_KEY = Path("manyhands.key")


def keygen(
    context: typer.Context,
    *,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="The log's name (its origin), such as royalties.example/manyhands.",
        ),
    ],
    signing_key: SigningKeyFlag = None,
    json: JsonFlag = False,
    debug: DebugFlag = False,
) -> None:
    """Make a key to sign checkpoints by, and print the verifier key, which others check them by.

    The key is written to the file that --signing-key names, else to manyhands.key, for its owner
    alone. A file that is there is never written over.
    """
    root = context.find_root()
    context.obj.debug |= debug or root.params["debug"]
    if is_given(root, "warehouse"):
        message = "keygen reads no warehouse; leave out --warehouse"
        raise UsageError(message)
    from pipelines.proof.keys import make_key

    path = signing_key or DEFAULT_KEY
    verifier_key = make_key(name, path)
    if json or root.params["json"]:
        print_document({"file": str(path), "verifier_key": verifier_key.text})
        return
    print_line(verifier_key.text)
    sys.stderr.write(
        f"wrote {path}: name it as signing-key, keep a copy of it where it is safe, and publish the"
        " verifier key\n"
    )
