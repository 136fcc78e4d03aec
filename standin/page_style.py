"""The frame of every page: head, style for light and dark, no external asset, no script."""

from __future__ import annotations

from html import escape

_STYLE = """
:root { color-scheme: light dark; --line: light-dark(#d5d9e0, #3a4150);
  --card: light-dark(#fff, #1d222c); --accent: light-dark(#4f46e5, #6d68f0);
  --quiet: light-dark(#596171, #a5adbd); }
* { box-sizing: border-box; }
body { margin: 0; padding: 2rem 1rem; font: 16px/1.5 system-ui, sans-serif;
  background: light-dark(#f4f5f8, #12151b); color: light-dark(#1b2130, #e8ebf1); }
main { max-width: 46rem; margin: 0 auto; }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem;
  padding: 1.25rem 1.5rem; margin-bottom: 1.25rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; } h2 { font-size: 1rem; margin: 0 0 .75rem; }
.amount { font-size: 2rem; font-weight: 650; margin: .25rem 0; }
.quiet { color: var(--quiet); margin: 0; overflow-wrap: anywhere; }
.moves { display: flex; flex-wrap: wrap; gap: .6rem; } .moves form { margin: 0; }
button { font: inherit; padding: .55rem 1rem; border-radius: .5rem; cursor: pointer;
  border: 1px solid var(--line); background: transparent; color: inherit; }
.moves form:first-child button, .main { background: var(--accent); color: #fff; border: 0; }
button:focus-visible, a:focus-visible, input:focus-visible { outline: 3px solid var(--accent);
  outline-offset: 2px; }
label { display: inline-block; margin: 0 1rem .6rem 0; }
input, select { font: inherit; padding: .45rem .6rem; border-radius: .5rem;
  border: 1px solid var(--line); background: transparent; color: inherit; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-top: 1px solid var(--line); }
th { border: 0; color: var(--quiet); font-weight: 500; }
a { color: var(--accent); } .bad { color: light-dark(#b3261e, #ff8f86); }
"""


def page(title: str, body: str, refresh_seconds: int | None = None) -> bytes:
    """A whole HTML page. `body` is markup and already escaped where it must be."""
    refresh = ""
    if refresh_seconds is not None:
        refresh = f'<meta http-equiv="refresh" content="{refresh_seconds}">'
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{refresh}<title>{escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body><main>{body}</main></body></html>"
    ).encode()


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A table; its cells are markup."""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in headings)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return (
        f'<div class="scroll"><table><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
