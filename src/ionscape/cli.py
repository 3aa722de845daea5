"""The command ``ionscape``: what each subcommand does is in `ionscape.commands`."""

from __future__ import annotations

import sys

import click

from ionscape import __version__
from ionscape.commands.check import check
from ionscape.commands.export import export
from ionscape.commands.new import new
from ionscape.commands.read import read
from ionscape.commands.results import results
from ionscape.commands.run import run
from ionscape.commands.techniques import techniques
from ionscape.core.errors import InputError, IonscapeError

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="ionscape")
def commands() -> None:
    """From raw measurements on a solid ion conductor to how its ions move.

    \b
    ionscape new llto        write a study file to start from
    ionscape check llto.yaml say everything that is wrong with it
    ionscape run llto.yaml   compute it; open llto-results/report.html
    """


for command in (run, check, read, new, techniques, results, export):
    commands.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 an analysis failed, 2 bad input, 130 interrupted."""
    try:
        code = commands.main(arguments, prog_name="ionscape", standalone_mode=False)
    except click.exceptions.Abort:
        sys.exit(INTERRUPTED)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except InputError as error:
        click.echo(str(error), err=True)
        sys.exit(BAD_INPUT)
    except IonscapeError as error:
        click.echo(f"ionscape: {error}", err=True)
        sys.exit(FAILED)
    except BrokenPipeError:  # the reader of our output (head, less) has seen enough
        sys.stderr.close()
        sys.exit(0)
    sys.exit(code if isinstance(code, int) else 0)


if __name__ == "__main__":
    main()
