"""``neurochip doctor``: what is installed, and what that enables."""

from __future__ import annotations

import click

from ..options import json_option

__all__ = ["command"]

_MARKS = {"good": "ok", "absent": "-", "bad": "!!"}


@click.command("doctor", short_help="Say what is installed, and what that enables.")
@json_option("the findings as JSON")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """Say what is installed, and what that enables; exit code 1 when something is in the way."""
    from neurochip.installation import findings

    found = list(findings())
    if as_json:
        import json

        click.echo(json.dumps([finding._asdict() for finding in found], indent=1, ensure_ascii=False))
    else:
        from ..screen import print_table

        rows = [(f.group, _MARKS[f.state], f.name, f.found, f.means) for f in found]
        shown = [("" if n and rows[n - 1][0] == row[0] else row[0], *row[1:]) for n, row in enumerate(rows)]
        print_table(("", "", "what", "found", ""), shown)
    if any(finding.state == "bad" for finding in found):
        ctx.exit(1)
