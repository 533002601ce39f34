"""YAML as plain trees: mappings, sequences and texts, and nothing that a text could bring to life."""

from __future__ import annotations

from typing import Any

from neurochip.extras import needed
from neurochip.files.door import Foreign, read_text
from neurochip.files.limits import MOST_VALUES

__all__ = ["read_yaml"]

_MOST_YAML = 64 << 20  # bytes
_DEEPEST = 64
_Tree = dict[str, object] | list[object] | str


def read_yaml(file: Foreign) -> _Tree:
    """Return the one document of a YAML file: dict, list and str; no text is taken for a number.

    Aliases and tags are refused: nothing grows beyond what stands in the file.

    Raises
    ------
    NeurochipError
        Of the file's kind, with the line.
    CapabilityError
        Where PyYAML is not installed.
    """
    yaml = _yaml()
    text = read_text(file, most=_MOST_YAML)
    with file.guarded():
        try:
            return _tree(yaml, text, file)
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            where = "" if mark is None else f"line {mark.line + 1}"
            raise file.damaged(getattr(error, "problem", None) or "is no YAML", where) from None


def _yaml() -> Any:
    return needed("yaml", "sanafe", "YAML")


def _tree(yaml: Any, text: str, file: Foreign) -> _Tree:
    """Build the tree from what the parser meets: it goes down no further than `_DEEPEST`, and calls itself nowhere."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    root: list[Any] = []
    open_: list[Any] = [root]
    keys: list[str | None] = [None]
    count = documents = 0
    for event in yaml.parse(text, Loader=loader):
        line = f"line {event.start_mark.line + 1}"
        count += 1
        if count > MOST_VALUES:
            raise file.fault(f"has more than {MOST_VALUES} values", line, cure="")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise file.fault("has an anchor or an alias, which are not read", line, cure="write it out")
        if getattr(event, "tag", None) not in (None, "!"):
            raise file.fault("has a tag, which is not read", line, cure="remove it")
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise file.fault("has a second document", line, cure="split the file")
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            if len(open_) > _DEEPEST:
                raise file.fault("is nested too deeply", line)
            made: Any = {} if isinstance(event, yaml.MappingStartEvent) else []
            _put(open_[-1], keys, made, file, line)
            open_.append(made)
            keys.append(None)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            open_.pop()
            keys.pop()
        elif isinstance(event, yaml.ScalarEvent):
            if isinstance(open_[-1], dict) and keys[-1] is None:
                if event.value in open_[-1]:
                    raise file.fault(f"has the key {event.value[:40]!r} twice", line)
                keys[-1] = event.value
            else:
                _put(open_[-1], keys, event.value, file, line)
    if not root:
        raise file.fault("is empty")
    found: _Tree = root[0]
    return found


def _put(into: Any, keys: list[str | None], value: object, file: Foreign, line: str) -> None:
    if isinstance(into, list):
        into.append(value)
        return
    key = keys[-1]
    if key is None:
        raise file.fault("has a key that is no text", line)
    into[key] = value
    keys[-1] = None
