"""The one way by which text gets into HTML and SVG: escaped."""

from collections.abc import Iterable


class Markup(str):
    """Text that is HTML already. Everything else is escaped when it becomes a part of it."""

    __slots__ = ()

    def __html__(self) -> str:
        """Tells Jinja the same."""
        return self


Part = str | Iterable["Part"]

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;", "\0": "\ufffd"}
    # As it is, a browser would read it as a line feed.
    | {"\r": "&#13;"}
    | {chr(code): "\ufffd" for code in range(0xD800, 0xE000)}
)


def escaped(text: str) -> Markup:
    """The text as HTML, in an element or in an attribute's quotes; Markup as it is."""
    return text if isinstance(text, Markup) else Markup(text.translate(_ESCAPES))


def element(tag: str, /, *parts: Part, **attributes: str) -> Markup:
    """One element. An attribute's name loses a trailing underscore (`class_`), the others become
    hyphens."""
    opened = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{escaped(value)}"'
        for name, value in attributes.items()
    )
    return Markup(f"<{tag}{opened}>{_joined(parts)}</{tag}>")


def _joined(parts: Iterable[Part]) -> str:
    return "".join(escaped(part) if isinstance(part, str) else _joined(part) for part in parts)
