"""JavaScript for scripts: what hosts the engine inside of the walls.

The host is Python, because that is what is there; it gives a script ``console``, ``process`` and
the few names of ``node:fs`` that reading the input takes.
"""

from __future__ import annotations

from typing import Final

HOST: Final = r'''
import json, os, re, sys

import quickjs

PRELUDE = """
const __told = (to) => (...parts) => to(parts.map(
  (part) => typeof part === 'string' ? part : JSON.stringify(part) ?? String(part)).join(' '));
globalThis.console = {
  log: __told(__out), info: __told(__out), debug: __told(__out),
  warn: __told(__err), error: __told(__err),
};
const __given = JSON.parse(__context);
globalThis.process = {
  argv: ['js', 'program.js', ...__given.argv], env: __given.env, stdin: { fd: 0 },
  exit: (code) => { throw new Error('\\u0000exit ' + (code ?? 0)); },
};
globalThis.__modules = {
  fs: { readFileSync: (fd) => { if (fd !== 0 && fd !== '/dev/stdin')
    throw new Error('only the input can be read here'); return __input; } },
  process: globalThis.process,
};
"""
NAMED = re.compile(
    r"""^\s*import\s+(?:(\*\s+as\s+\w+)|(\w+)|(\{[^}]*\}))\s+from\s+['"](?:node:)?(\w+)['"];?""",
    re.MULTILINE,
)


def ours(found):
    whole, default, some, module = found.groups()
    name = (whole or "").split()[-1] if whole else default or some.replace(" as ", ": ")
    return f"const {name} = __module('{module}');"


code = NAMED.sub(ours, open("program.js", encoding="utf-8").read())
context = quickjs.Context()
context.set_memory_limit(256 * 1024 * 1024)
context.add_callable("__out", lambda text: sys.stdout.write(text + "\n") and None)
context.add_callable("__err", lambda text: sys.stderr.write(text + "\n") and None)
hidden = ("PATH", "HOME", "TMPDIR", "LANG", "LC_CTYPE", "PYTHONDONTWRITEBYTECODE")
environment = {name: value for name, value in os.environ.items() if name not in hidden}
context.set("__context", json.dumps({"argv": sys.argv[1:], "env": environment}))
context.set("__input", sys.stdin.read())
context.eval(PRELUDE)
wrapped = (
    "(() => { const __module = (name) => { const found = __modules[name];"
    " if (!found) throw new Error('there is no module ' + name + ' here'); return found; };\n"
    f"const __value = (() => {{ {code}\n }})();"
    " return __value === undefined ? undefined : JSON.stringify(__value); })()"
)
try:
    value = context.eval(wrapped)
except quickjs.JSException as error:
    left = re.search("\0exit (\\d+)", str(error))
    if left:
        sys.exit(int(left.group(1)))
    sys.stderr.write(f"{error}\n")
    sys.exit(1)
if value is not None:
    sys.stdout.write(f"{value}\n")
'''
"""A program for the confined interpreter; the script lies beside it as ``program.js``.

A script that gives a value with ``return`` has it written to its output as JSON.
"""
