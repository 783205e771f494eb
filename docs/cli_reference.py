"""The page of the command line, from the commands themselves."""

from collections.abc import Iterator

import click

from gateway.cli import command

HEAD = """\
# Command line

Every verb of `ocpp-gateway`, with its arguments and options. This page is written by `make docs` from the commands. Do not
edit it. `ocpp-gateway VERB --help` prints the same.

Exit codes, signals and how to stop it are in [operations.md](operations.md#exit-codes).
"""


def page() -> str:
    """The page's text as the commands are now."""
    root = click.Context(command, info_name="ocpp-gateway")
    return "\n".join([HEAD, *(text for name in command.list_commands(root) for text in _verb(root, name, 2))])


def _verb(around: click.Context, name: str, level: int) -> Iterator[str]:
    assert isinstance(around.command, click.Group)
    verb = around.command.get_command(around, name)
    assert verb is not None
    context = click.Context(verb, info_name=name, parent=around)
    yield f"{'#' * level} {context.command_path.removeprefix('ocpp-gateway ')}\n"
    usage = " ".join(verb.collect_usage_pieces(context))
    yield f"```\n{context.command_path} {usage}\n```\n"
    yield "\n\n".join(" ".join(part.split()) for part in (verb.help or "").split("\n\n")) + "\n"
    rows = [row for one in verb.get_params(context) if (row := _option(context, one)) is not None]
    if rows:
        yield "\n".join(["| option | default | does |", "| --- | --- | --- |", *rows]) + "\n"
    if isinstance(verb, click.Group):
        for inner in verb.list_commands(context):
            yield from _verb(context, inner, level + 1)


def _option(context: click.Context, option: click.Parameter) -> str | None:
    if not isinstance(option, click.Option) or option.hidden or "--help" in option.opts:
        return None
    names = ", ".join(sorted(option.opts, key=len))
    takes = "" if option.is_flag else f" {option.make_metavar(context)}"
    told = option.to_info_dict()["default"]
    default = "required" if option.required else "" if told in (None, False, ()) else f"`{told}`"
    return f"| `{_escaped(names + takes)}` | {default} | {_escaped(option.help or '')} |"


def _escaped(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")
