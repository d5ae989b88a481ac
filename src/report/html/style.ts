/** Colours that tell classes apart: c0, c1, ... */
export const classColours = 12

/**
 * The page's style: light and dark by the reader's setting; colours of methods are s1, s2, ... (s0 is what they started
 * from). Tables become cards where the window is narrow: a cell then shows its heading from `data-label`.
 */
export const style = `
:root {
  color-scheme: light dark;
  --page: #f6f5f2; --card: #ffffff; --ink: #1c1e22; --dim: #666b74; --line: #e3e1dc; --soft: #f0efeb;
  --good: #11714a; --bad: #b3382c; --warn: #8a5a00; --warn-back: #fdf3dc;
  --s0: #7b8089; --s1: #2a66d9; --s2: #d9692a; --s3: #15937a; --s4: #8f54c7; --s5: #b98a00; --s6: #c23a73;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14161a; --card: #1c1f25; --ink: #e7e8eb; --dim: #9aa0ab; --line: #31353d; --soft: #252931;
    --good: #5cc795; --bad: #f08a7c; --warn: #f0c368; --warn-back: #33290f;
    --s0: #9aa0ab; --s1: #6fa0ff; --s2: #f2955c; --s3: #4cc7ac; --s4: #c093ec; --s5: #e0b94a; --s6: #ee7fae;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  font-variant-numeric: tabular-nums;
}
main { max-width: 1180px; margin: 0 auto; padding: 36px 24px 60px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 6px; letter-spacing: -0.015em; font-weight: 650; }
h2 { font-size: 18px; margin: 0 0 4px; letter-spacing: -0.005em; font-weight: 650; }
h3 { font-size: 13px; margin: 0 0 4px; font-weight: 600; }
p { margin: 0 0 10px; max-width: 88ch; }
section { margin-top: 20px; background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 22px 24px; }
.dim, .note { color: var(--dim); }
.note { font-size: 13px; max-width: 120ch; }
.note:last-child { margin-bottom: 0; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 22px; margin: 0; padding: 0; list-style: none; color: var(--dim); font-size: 14px; }
.facts b { color: var(--ink); font-weight: 550; }
.banner { background: var(--warn-back); color: var(--warn); border-color: var(--warn); font-weight: 550; }
.banner p { margin: 0; max-width: none; }
.says { margin: 14px 0 0; padding: 0; list-style: none; display: grid; gap: 6px; }
.says li { padding-left: 14px; border-left: 3px solid var(--line); max-width: none; }
code, pre { font: 13px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { margin: 8px 0 0; background: var(--soft); border-radius: 8px; padding: 10px 14px; white-space: pre-wrap; overflow-wrap: anywhere; }

.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 12px 0 14px; }
th, td { text-align: right; padding: 9px 7px; vertical-align: top; white-space: nowrap; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
th:last-child, td:last-child { padding-right: 0; }
thead th { font-size: 12.5px; color: var(--dim); font-weight: 550; padding-top: 3px; padding-bottom: 5px; }
thead tr:last-child th { border-bottom: 1px solid var(--ink); }
th.group { text-align: center; color: var(--ink); }
th.group span { display: block; border-bottom: 1px solid var(--line); padding-bottom: 3px; }
tbody td, tbody th { border-bottom: 1px solid var(--line); }
tbody tr:last-child td, tbody tr:last-child th { border-bottom: 0; }
tbody th { font-weight: 600; }
tbody th small { font-weight: 400; }
.value { font-size: 15px; }
.value small { font-size: 11.5px; color: var(--dim); font-weight: 400; }
.verdict { display: block; font-size: 11px; color: var(--dim); }
.verdict b { font-weight: 650; }
.verdict.better, .passed { color: var(--good); }
.verdict.worse, .failed { color: var(--bad); }
.best .value { font-weight: 700; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 3px; margin-right: 8px; background: currentColor; }

.texts th, .texts td { text-align: left; }
.texts td { white-space: normal; font-size: 13.5px; padding-right: 18px; }
caption { text-align: left; font-size: 13px; font-weight: 600; padding: 8px 0 2px; }

.profile tbody th { font: 12.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: normal; overflow-wrap: anywhere; }
.profile th:last-child, .profile td:last-child { text-align: left; padding-left: 18px; }
.profile .operators { white-space: normal; color: var(--dim); font-size: 13px; }
.profile .share { background: linear-gradient(to left, color-mix(in srgb, var(--s1) 26%, transparent) var(--share), transparent 0) no-repeat center / 100% 70%; }

.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 320px), 1fr)); gap: 18px 26px; margin-top: 12px; }
figure { margin: 0; min-width: 0; }
figcaption { font-size: 13px; font-weight: 600; display: flex; align-items: center; }
figcaption small { font-weight: 400; color: var(--dim); margin-left: 8px; font-size: 12.5px; }
.chart { display: block; width: 100%; max-width: 560px; height: auto; overflow: visible; }
.intervals { max-width: 460px; }
.balance { max-width: 600px; margin-top: 8px; }
.chart .grid { stroke: var(--line); }
.chart .axis { stroke: var(--dim); }
.chart .mark { stroke: var(--dim); stroke-dasharray: 2 3; }
.chart .tick { fill: var(--dim); font-size: 11px; }
.chart .name { fill: var(--ink); font-size: 12px; }
.raw { fill: none; stroke: currentColor; stroke-width: 1; opacity: .28; }
.line { fill: none; stroke: currentColor; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.dashed { stroke-dasharray: 5 4; }
.dot { fill: currentColor; }
.hollow { fill: var(--card); stroke: currentColor; stroke-width: 2; }
${Array.from({ length: classColours }, (_, k) => `.c${k} { fill: hsl(${(k * 360) / classColours} ${k % 2 === 0 ? '72% 48%' : '55% 62%'}); }`).join(' ')}
.map { max-width: 340px; border: 1px solid var(--line); border-radius: 8px; }
${[0, 1, 2, 3, 4, 5, 6].map((n) => `.s${n} { color: var(--s${n}); }`).join(' ')}
.legend { display: flex; flex-wrap: wrap; gap: 2px 18px; font-size: 13px; margin: 10px 0 0; max-width: none; }
.legend span { display: inline-flex; align-items: center; gap: 7px; }

.pictures { display: grid; gap: 8px; margin-top: 12px; grid-auto-flow: column; justify-content: start; grid-template-rows: repeat(var(--strips), auto); grid-template-columns: minmax(90px, 150px); grid-auto-columns: minmax(0, 108px); }
.pictures b { font-size: 13px; font-weight: 550; align-self: center; line-height: 1.3; overflow-wrap: anywhere; }
.pictures img { display: block; width: 100%; aspect-ratio: 1; image-rendering: pixelated; border-radius: 6px; border: 1px solid var(--line); }
details { margin-top: 10px; }
summary { cursor: pointer; font-weight: 550; }
footer { margin-top: 22px; color: var(--dim); font-size: 13px; }

@media (max-width: 860px) {
  main { padding: 22px 14px 40px; }
  section { padding: 16px; border-radius: 10px; }
  h1 { font-size: 24px; }
  thead { display: none; }
  table, tbody, tr, td, tbody th { display: block; }
  tbody tr { padding: 10px 0 8px; border-bottom: 1px solid var(--line); }
  tbody tr:last-child { border-bottom: 0; padding-bottom: 0; }
  tbody td, tbody th { border: 0; padding: 2px 0; white-space: normal; text-align: left; }
  tbody td { display: grid; grid-template-columns: minmax(0, 1fr) auto; column-gap: 12px; align-items: baseline; }
  tbody td::before { content: attr(data-label); color: var(--dim); font-size: 13.5px; }
  tbody td > * { text-align: right; }
  .verdict { grid-column: 2; }
  .profile th:last-child, .profile td:last-child { padding-left: 0; }
  .pictures { gap: 5px; grid-auto-flow: row; grid-template-rows: none; grid-template-columns: repeat(var(--strips), minmax(0, 104px)); }
  .pictures b { font-size: 11px; align-self: end; }
}
@media print { body { background: #fff; } section { break-inside: avoid; } }
`
