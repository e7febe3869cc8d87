// What simulations and A/B tests showed last, from the records that they leave beside the log.
import { get } from "../api.js";
import { add, chip, h, panel, replace, s, table } from "../dom.js";
import { niceTop } from "../chart.js";
import { day, NONE, share } from "../format.js";

export const experiments = { id: "experiments", title: "Experiments", icon: "M6 2h4M7 2v4L3 13h10L9 6V2", mount };

function mount(root) {
  const list = h("div");
  root.append(list);
  return (what) => { if (what === "shown") load(list); };
}

async function load(list) {
  try {
    const found = await get("/zeta/experiments");
    const wide = Math.max(300, (list.clientWidth || 720) - 36);
    const boxes = found.experiments.map((each) => (each.kind === "ab" ? ab(each, wide) : simulation(each, wide)));
    const lost = found.unreadable ? h("p", { class: "muted" }, `${found.unreadable} records could not be read.`) : null;
    replace(list, boxes.length ? [boxes, lost] : empty(found.folder));
  } catch (error) {
    replace(list, h("p", { class: "empty" }, `The records cannot be loaded: ${error.message}`));
  }
}

function empty(folder) {
  const box = panel("No experiment yet", "");
  return add(box, h("p", null, "zeta simulate with --json or --report, and zeta ab, leave a record in ", h("code", null, folder), " when they run with this gateway's configuration. For example:"),
    h("pre", { tabindex: "0" }, "zeta ab static joint -c zeta.yaml\nzeta simulate --fleet zeta.yaml --trace poisson:rate=2 --quality scores.csv --report out.html"));
}

function simulation(each, wide) {
  const box = panel(`Simulation of ${each.policies?.length ?? 0} policies`, day(each.wall_s));
  const rows = each.rows ?? [];
  const shown = table("Quality-goodput by load and policy", [["Load ×", "num"], ["Policy"], ["Quality-goodput", "num"], ["In time", "num"], ["Refused", "num"], ["Of certified bound", "num"]]);
  const best = new Map();
  for (const row of rows) best.set(row.rate, Math.max(best.get(row.rate) ?? -1, row.quality_goodput));
  add(shown.body, rows.map((row) => h("tr", { class: row.quality_goodput === best.get(row.rate) ? "best" : null }, h("td", { class: "num" }, row.rate), h("td", null, row.policy), h("td", { class: "num" }, `${share(row.quality_goodput, 3)}${row.high === null || row.high === undefined ? "" : ` ± ${share(row.high - row.quality_goodput, 3)}`}`), h("td", { class: "num" }, share(row.goodput, 3)), h("td", { class: "num" }, share(row.shed_ratio, 3)), h("td", { class: "num" }, share(row.of_certified_bound, 3)))));
  return add(box, h("p", { class: "muted" }, each.asked ?? ""), curve(rows, wide), h("details", null, h("summary", null, "The numbers"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Numbers of the simulation" }, shown)), files(each));
}

function files(each) {
  const kept = [each.json && ["Every row", each.json], each.report && ["Full report with plots", each.report]].filter(Boolean);
  return kept.length ? h("dl", { class: "facts" }, kept.map(([name, path]) => h("div", null, h("dt", null, name), h("dd", null, h("code", null, path))))) : null;
}

// Quality-goodput against load, a line per policy; the five best by name.
function curve(rows, W) {
  const H = 230, RIGHT = 150, rates = [...new Set(rows.map((row) => row.rate))].sort((a, b) => a - b);
  if (!rates.length) return null;
  const means = new Map();
  for (const row of rows) means.set(row.policy, [...(means.get(row.policy) ?? []), row]);
  const rank = [...means].sort(([, a], [, b]) => sum(b) - sum(a));
  const x = (rate) => (rates.length === 1 ? W / 2 : 46 + (rates.indexOf(rate) / (rates.length - 1)) * (W - 70 - RIGHT));
  const top = niceTop(Math.max(0.1, ...rows.map((row) => row.quality_goodput)));
  const y = (value) => H - 28 - (value / top) * (H - 44);
  const ends = rank.slice(0, 8).map(([policy, found], place) => ({ policy, place, at: y(found.at(-1).quality_goodput) })).sort((a, b) => a.at - b.at);
  ends.forEach((each, n) => { if (n && each.at < ends[n - 1].at + 13) each.at = ends[n - 1].at + 13; });
  return s("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img", "aria-label": "Quality-goodput against load by policy" },
    [0, 0.25, 0.5, 0.75, 1].map((part) => part * top).flatMap((v) => [s("line", { class: "grid", x1: 40, x2: W - RIGHT - 14, y1: y(v), y2: y(v) }), s("text", { x: 34, y: y(v) + 4, "text-anchor": "end" }, share(v))]),
    rates.map((rate) => s("text", { x: x(rate), y: H - 8, "text-anchor": "middle" }, `×${rate}`)),
    rank.map(([, found], place) => [s("polyline", { class: place < 8 ? `stroke curve k${place}` : "stroke curve rest", points: found.map((row) => `${x(row.rate)},${y(row.quality_goodput)}`).join(" ") }), place < 8 && found.map((row) => s("circle", { class: `fill k${place}`, cx: x(row.rate), cy: y(row.quality_goodput), r: 2.6 }))]),
    ends.map((each) => [s("circle", { class: `fill k${each.place}`, cx: W - RIGHT + 4, cy: each.at, r: 4 }), s("text", { x: W - RIGHT + 13, y: each.at + 4, class: "strong" }, each.policy)]));
}

const sum = (found) => found.reduce((all, row) => all + row.quality_goodput, 0);
const VERDICT = { a_better: "bad", b_better: "ok", no_worse: "ok" };

function ab(each, wide) {
  const box = panel(`${each.a} against ${each.b}`, `${day(each.wall_s)} · A/B test${each.simulated ? " in virtual time" : " on live engines"}, ${each.pairs ?? 0} pairs of blocks`);
  box.end.append(chip(String(each.verdict ?? "open").replaceAll("_", " "), VERDICT[each.verdict]));
  return add(box, h("p", null, each.text ?? ""),
    h("dl", { class: "facts" }, h("div", null, h("dt", null, `Difference, ${each.b} less ${each.a}`), h("dd", null, bounds(each.difference))), h("div", null, h("dt", null, "Ratio of median TTFT"), h("dd", null, bounds(each.ttft_ratio)))),
    blocks(each, wide), files(each));
}

const edge = (value) => (value === null || value === undefined ? "no bound" : value.toFixed(3));
const bounds = (found) => (found ? `${found.mean.toFixed(4)} (between ${edge(found.low)} and ${edge(found.high)})` : NONE);

function blocks(each, W) {
  const found = (each.blocks ?? []).filter((block) => block.worth !== null);
  if (!found.length) return h("p", { class: "muted" }, "No block was complete.");
  const H = 120, most = Math.max(0.05, ...found.map((block) => block.worth)), wide = Math.min(40, (W - 60) / found.length);
  return h("figure", null, s("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart", role: "img", "aria-label": "Worth of each block by policy" },
    s("text", { x: 34, y: 12, "text-anchor": "end" }, share(most)), s("line", { class: "axis", x1: 40, x2: W, y1: H - 6, y2: H - 6 }),
    found.map((block, n) => s("rect", { class: `fill ${block.policy === each.a ? "k0" : "k1"}`, x: 42 + n * wide, width: Math.max(1, wide - 2), y: H - 6 - (block.worth / most) * (H - 16), height: (block.worth / most) * (H - 16), rx: 1 }, s("title", null, `block ${block.number + 1}: ${block.policy} ${share(block.worth, 3)}`)))),
  h("ul", { class: "legend" }, [[each.a, "k0"], [each.b, "k1"]].map(([name, kind]) => h("li", null, h("span", { class: `swatch ${kind}` }), name))));
}
