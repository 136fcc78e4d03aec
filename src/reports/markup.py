"""HTML and SVG put together from elements, so that no text gets into a page unescaped."""

from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already. Everything else is escaped when it becomes a part of it."""

    __slots__ = ()


Part = str | None | Iterable["Part"]

_VOID = {"input", "link", "meta", "br"}
_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "\0": "\ufffd"}
    # As it is, a browser would read it as a line feed.
    | {"\r": "&#13;"}
    | {chr(code): "\ufffd" for code in range(0xD800, 0xE000)}
)


def element(tag: str, /, *parts: Part, **attributes: str | bool | None) -> Markup:
    """One element. Texts among its parts and attributes are escaped, None is left out.

    An attribute's name loses a trailing underscore (`class_`), the others become hyphens; True
    writes the name alone, False and None leave it out.
    """
    opened = "".join(_attribute(name, value) for name, value in attributes.items())
    if tag in _VOID:
        return Markup(f"<{tag}{opened}>")
    return Markup(f"<{tag}{opened}>{joined(parts)}</{tag}>")


def joined(parts: Iterable[Part]) -> Markup:
    """The parts one after the other, texts escaped."""
    return Markup("".join(_part(part) for part in parts))


def _part(part: Part) -> str:
    match part:
        case None:
            return ""
        case Markup():
            return part
        case str():
            return part.translate(_ESCAPES)
    return joined(part)


def _attribute(name: str, value: str | bool | None) -> str:
    if value is None or value is False:
        return ""
    written = name.rstrip("_").replace("_", "-")
    return f" {written}" if value is True else f' {written}="{value.translate(_ESCAPES)}"'
