"""How an evidence pack's page looks, on screens light and dark and on paper."""

from __future__ import annotations

from typing import Final

STYLE: Final = """
:root{color-scheme:light dark;--ink:#1c2430;--soft:#5b6675;--line:#d9dee6;--ground:#fff;
--raised:#f6f8fb;--good:#17694a;--bad:#a3261c;--mark:#9a5b00}
@media (prefers-color-scheme:dark){:root{--ink:#e7ebf1;--soft:#9aa6b6;--line:#323c4a;
--ground:#14191f;--raised:#1c232c;--good:#5cc79a;--bad:#ff8a7d;--mark:#f0b355}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
main{max-width:54rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
h1{font-size:2.1rem;line-height:1.2;margin:0}
h2{font-size:1.2rem;margin:2.75rem 0 .75rem;padding-bottom:.35rem;
border-bottom:1px solid var(--line)}
h3{font-size:1.05rem;margin:0 0 .25rem}h4{font-size:.85rem;margin:.75rem 0 .25rem;color:var(--soft)}
p{margin:.4rem 0}.kind{text-transform:uppercase;letter-spacing:.08em;font-size:.75rem;
color:var(--soft);margin:0}
blockquote{margin:1rem 0;padding:.6rem 1rem;border-left:4px solid var(--line);
background:var(--raised);font-size:1.1rem;overflow-wrap:anywhere;white-space:pre-wrap}
.state{display:inline-block;padding:.35rem .8rem;border-radius:.4rem;border:1px solid;
font-weight:600}
.holds{color:var(--good)}.broken{color:var(--bad)}
.short{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));
gap:.9rem 1.5rem;margin:0}
dt{font-size:.8rem;color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
article{border:1px solid var(--line);border-radius:.6rem;padding:1rem 1.2rem;margin:0 0 1rem;
background:var(--raised)}
article ol{margin:.75rem 0 0;padding:0;list-style:none}
article li{padding:.3rem 0;overflow-wrap:anywhere}
.timeline{margin:0;padding:0;list-style:none;border-left:2px solid var(--line)}
.timeline li{padding:.1rem 0 .1rem 1rem;border-left:4px solid transparent;margin-left:-3px}
.timeline .decision{border-left-color:var(--mark)}.timeline .person{border-left-color:var(--good)}
summary{cursor:pointer;padding:.3rem 0;overflow-wrap:anywhere}
summary:focus-visible{outline:2px solid var(--good)}
time{color:var(--soft);font-variant-numeric:tabular-nums;font-size:.85rem;margin-right:.4rem}
.n{display:inline-block;min-width:1.6rem;color:var(--soft);font-size:.85rem;text-align:right;
margin-right:.4rem}
.facts,.proof{display:grid;grid-template-columns:minmax(7rem,max-content) 1fr;gap:.35rem 1rem;
margin:.25rem 0 1rem;padding:.75rem 1rem;background:var(--raised);border-radius:.4rem}
article .facts{background:none;padding:0}
pre{margin:0;white-space:pre-wrap;overflow-wrap:anywhere;font:.85rem/1.45 ui-monospace,monospace}
code{font:.85rem/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
@media (max-width:36rem){.facts,.proof{grid-template-columns:1fr}}
@media print{main{max-width:none;padding:0}details>*{display:block}article,li{break-inside:avoid}}
"""
