"""Words that try to be more than words."""

from __future__ import annotations

from hypothesis import strategies as st

HOSTILE = [
    "[Approve](https://evil.example) **yes** _no_ `code`",
    "<at>Ada</at> <at id='0'>everyone</at> <b>bold</b>",
    "{{DATE(2026-01-01T00:00:00Z)}} ${$root.x} {{TIME(x)}}",
    "![x](https://evil.example/p.png)\n# heading\n- list\n1. one",
    "\u202eevil\u202c \u200b\u2066 \x00 \x1b[2J",
    "\U0001f4a3" * 400,
    "\\" * 900 + '"' * 900,
    "a\n" * 3_000,
    "x" * 60_000,
    "\ud800",
    "",
]
texts = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(max_size=300),
    st.text(alphabet='"\\\n\x01\U0001f600<>[]()*_`{}', min_size=1_500, max_size=4_000),
)
