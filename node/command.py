"""`safepassage-node`: everything an operator does with a node."""

import typer

from node.commands import clients, keys, matches, organisations, policies, services, trust
from node.commands.demo import demo
from node.commands.doctor import doctor
from node.commands.new import new
from node.commands.readiness import readiness
from node.commands.sample import sample_roster
from node.commands.up import up
from node.commands.verify_log import verify_log

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Run and operate a Safe Passage node.")
app.command()(demo)
app.command()(new)
app.command()(up)
app.command()(services.serve)
app.command()(doctor)
app.command()(verify_log)
app.command()(readiness)
app.command()(services.migrate)
app.command()(sample_roster)
app.add_typer(organisations.app, name="organisations")
app.add_typer(clients.app, name="clients")
app.add_typer(keys.app, name="keys")
app.add_typer(matches.app, name="matches")
app.add_typer(policies.app, name="policies")
app.add_typer(trust.app, name="trust")


def main() -> None:
    """The entry point."""
    app()


if __name__ == "__main__":
    main()
