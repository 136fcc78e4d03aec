"""How the pages look: one style sheet inside each page, light and dark."""

import base64
import hashlib

# Pairs of text and ground have a contrast of at least 4.5 to 1 in both themes.
_LIGHT = """
  --ground: #f6f7f9; --raised: #ffffff; --text: #1b2430; --quiet: #566273; --line: #dde2e9;
  --accent: #0b6b5d; --accent-text: #ffffff; --series-1: #0f7f6e; --series-2: #d9822b;
  --series-3: #b23a5b;
  --good: #0b6b3a; --good-ground: #e2f5ea; --waiting: #84500a; --waiting-ground: #fdf0d9;
  --bad: #a12622; --bad-ground: #fde8e6; --plain-ground: #edf0f4; --strip: #1b243008;
"""
_DARK = """
  --ground: #11161d; --raised: #1a212b; --text: #e6eaf0; --quiet: #9aa7b8; --line: #2e3846;
  --accent: #4fd1b8; --accent-text: #08231e; --series-1: #3bb8a1; --series-2: #e5a057;
  --series-3: #e0718f;
  --good: #6ed99b; --good-ground: #123524; --waiting: #f0b95b; --waiting-ground: #3a2a0e;
  --bad: #ff9b94; --bad-ground: #431d1b; --plain-ground: #283240; --strip: #ffffff0a;
"""

# What stands in charts and tables wherever they are shown.
_CONTENT = (
    (".chart svg", "display: block; max-width: 100%; height: auto; overflow: visible"),
    (".chart text", "font: 12px/1 system-ui, sans-serif; fill: var(--quiet)"),
    (".series-1", "fill: var(--series-1)"),
    (".series-2", "fill: var(--series-2)"),
    (".series-3", "fill: var(--series-3)"),
    (".grid", "stroke: var(--line)"),
    (".strip", "fill: transparent"),
    ("g:hover > .strip", "fill: var(--strip)"),
    (".legend", "display: flex; gap: 16px; list-style: none; margin: 0 0 8px; padding: 0"),
    (".legend li", "display: flex; gap: 6px; align-items: center; font-size: 13px"),
    (".legend", "color: var(--quiet)"),
    (".unseen", "position: absolute; width: 1px; height: 1px; overflow: hidden"),
    (".unseen", "clip-path: inset(50%); white-space: nowrap"),
    (".nothing", "color: var(--quiet)"),
    # Blanks in an id are seen, an id of nothing else can be followed, none turns others round.
    ("td a", "display: inline-block; min-width: 2ch; white-space: pre; unicode-bidi: isolate"),
    (".number", "text-align: right; font-variant-numeric: tabular-nums"),
    (".note", "white-space: normal; min-width: 40ch"),
    (".id", "display: block; max-width: 21ch; overflow: hidden; text-overflow: ellipsis"),
    (".id", "user-select: all"),
    (".badge", "padding: 1px 9px; border-radius: 99px; font-size: 12.5px; font-weight: 600"),
    (".badge", "background: var(--plain-ground)"),
    (".good", "color: var(--good); background: var(--good-ground)"),
    (".waiting", "color: var(--waiting); background: var(--waiting-ground)"),
    (".bad", "color: var(--bad); background: var(--bad-ground)"),
)


def _content_style(inside: str) -> str:
    return "".join(f"{inside}{selector} {{ {rules} }}\n" for selector, rules in _CONTENT)


_PAGE = """
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
a { color: var(--accent); text-underline-offset: 2px; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.skip { position: absolute; left: -999px; top: 8px; padding: 8px 14px; z-index: 2;
  background: var(--accent); color: var(--accent-text); border-radius: 6px; }
.skip:focus { left: 8px; }
.top { background: var(--raised); border-bottom: 1px solid var(--line); padding: 12px 24px; }
.brand { display: inline-flex; gap: 10px; align-items: center; font-weight: 650;
  font-size: 17px; color: var(--text); text-decoration: none; }
.brand svg { fill: var(--accent); display: block; }
.brand span { color: var(--quiet); font-weight: 400; }
.frame { display: grid; grid-template-columns: 232px minmax(0, 1fr); max-width: 1480px;
  margin: 0 auto; }
.frame.alone { grid-template-columns: minmax(0, 1fr); max-width: 1120px; }
.side { padding: 20px 12px; font-size: 14px; }
.side h2 { font-size: 12px; margin: 14px 12px 4px; color: var(--quiet); font-weight: 600; }
.side ul { list-style: none; margin: 0; padding: 0; }
.side a { display: block; padding: 5px 12px; border-radius: 6px; color: var(--text);
  text-decoration: none; }
.side a:hover { background: var(--plain-ground); }
.side a[aria-current] { background: var(--accent); color: var(--accent-text); font-weight: 600; }
main { padding: 24px; outline: none; min-width: 0; }
h1 { font-size: 26px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -.01em; }
.lead { color: var(--quiet); max-width: 80ch; margin: 0 0 14px; }
details p { margin: 6px 0 0; } summary { cursor: pointer; font-size: 14px; }
p.lead:has(+ details) { margin-bottom: 2px; }
.panel, .scroll, .chart, .figures { background: var(--raised); border: 1px solid var(--line);
  border-radius: 10px; margin: 0 0 16px; }
.parameters { display: flex; flex-wrap: wrap; gap: 14px 18px; padding: 16px;
  align-items: flex-start; }
.field { display: flex; flex-direction: column; gap: 4px; flex: 0 1 220px; }
.field label { font-size: 13px; font-weight: 600; }
.hint { font-size: 12px; color: var(--quiet); line-height: 1.35; }
input, select, button { font: inherit; color: var(--text); min-height: 38px; padding: 6px 10px;
  border: 1px solid var(--quiet); border-radius: 6px; background: var(--ground); width: 100%;
  color-scheme: light dark; }
button { width: auto; margin-top: 25px; padding: 6px 20px; cursor: pointer; font-weight: 600;
  background: var(--accent); color: var(--accent-text); border-color: var(--accent); }
.chart { padding: 16px; } .narrow { display: none; }
.figures { display: flex; flex-wrap: wrap; padding: 8px; }
.figures div { padding: 12px 20px; } .figures dt { color: var(--quiet); font-size: 13px; }
.figures dd { margin: 0; font-size: 28px; font-weight: 650; font-variant-numeric: tabular-nums; }
.scroll { overflow: auto; max-height: 75vh; position: relative; }
table { border-collapse: separate; border-spacing: 0; width: 100%; font-size: 14px; }
caption { text-align: left; padding: 12px 14px; color: var(--quiet); font-size: 13px; }
th, td { padding: 8px 14px; text-align: left; white-space: nowrap; vertical-align: top;
  border-top: 1px solid var(--line); }
th { position: sticky; top: 0; background: var(--raised); font-size: 12px; color: var(--quiet);
  font-weight: 600; }
tbody tr:hover td { background: var(--plain-ground); }
.empty { padding: 28px; margin: 0; color: var(--quiet); }
.pages { display: flex; flex-wrap: wrap; gap: 10px; align-items: center; margin-bottom: 16px; }
.button { display: inline-block; padding: 7px 16px; border-radius: 6px; text-decoration: none;
  border: 1px solid var(--line); background: var(--raised); font-weight: 600; }
.button.next { background: var(--accent); color: var(--accent-text); border-color: var(--accent); }
.problem { padding: 16px 20px; border-left: 5px solid var(--bad); } .problem p { margin: 0; }
.problem code { color: var(--bad); font-weight: 600; }
.cards { display: grid; gap: 14px; grid-template-columns: repeat(auto-fill, minmax(260px, 1fr));
  list-style: none; margin: 0 0 24px; padding: 0; }
.cards li { background: var(--raised); border: 1px solid var(--line); border-radius: 10px;
  padding: 16px; position: relative; }
.cards li:hover, .cards li:focus-within { border-color: var(--accent); }
.cards a { font-weight: 650; font-size: 16px; text-decoration: none; }
.cards a::after { content: ""; position: absolute; inset: 0; }
.cards p { margin: 6px 0 0; color: var(--quiet); font-size: 14px; }
h2 { font-size: 17px; margin: 0 0 10px; }
footer { color: var(--quiet); font-size: 13px; }
@media (max-width: 760px) {
  .frame { grid-template-columns: minmax(0, 1fr); } .side { display: none; }
  .top, main { padding: 14px; } .wide { display: none; } .narrow { display: block; }
  .narrow svg { width: 100%; max-width: 560px; }
  .field { flex: 1 1 100%; } button { margin-top: 0; width: 100%; } h1 { font-size: 22px; }
  .figures dd { font-size: 22px; } .figures div { padding: 8px 14px; }
}
@media print { .side, .parameters, .pages, .skip { display: none; } .scroll { max-height: none; } }
"""

PAGE_STYLE = (
    f":root {{ color-scheme: light dark; {_LIGHT} }}"
    f"@media (prefers-color-scheme: dark) {{ :root {{ {_DARK} }} }}"
    f"{_PAGE}{_content_style('')}"
)

# Nothing but this style sheet may load or run: no script, no picture, no font, no other site.
_STYLE_DIGEST = base64.b64encode(hashlib.sha256(PAGE_STYLE.encode()).digest()).decode()
CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_DIGEST}';"
    " img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def widget_style(theme: str) -> str:
    """The style of a CloudWatch widget in the dashboard's theme, which keeps to `.tokentill`."""
    inside = f".tokentill.{theme}"
    colours = _DARK if theme == "dark" else _LIGHT
    table = f"{inside} :is(th, td) {{ white-space: nowrap; color: var(--text); }}\n"
    return f"{inside} {{ {colours} color: var(--text); }}\n{table}{_content_style(f'{inside} ')}"
