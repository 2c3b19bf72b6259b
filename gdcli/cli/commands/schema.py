"""`gdcli schema`."""

from __future__ import annotations

from gdcli.cli.outcome import handled


@handled
def schema() -> int:
    """Print the JSON Schema of a spec (draft 2020-12), for editors.

    \b
    gdcli schema > gdcli.schema.json
    """
    from gdcli.cli.session import Session
    from gdcli.spec.describe.schema import schema as schema_of_specs

    Session(as_json=True, quiet=False).give(schema_of_specs())
    return 0
