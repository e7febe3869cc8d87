// An hour of each endpoint on its four axes, with the evidence behind it.
import { attr, chip, h, keyed, panel, replace, s, text } from "../dom.js";
import { spark } from "../chart.js";
import { bytes, count, NONE, percent, seconds, words } from "../format.js";
import { store } from "../store.js";
import { TONES } from "./axes.js";

export const health = { id: "health", title: "Health", icon: "M1.5 8.5h3l2-5 3 9 2-4h3", mount };

const AXES = ["liveness", "latency", "quality", "memory"];
const LEAST_SLOTS = 60; // ten minutes; the scale grows with what is known, up to an hour

function mount(root) {
  const about = h("p", { class: "muted about" }, "Up to the last hour, oldest left, sampled each ten seconds. Green is healthy, amber in doubt, red degraded or out, grey not yet recorded.");
  const list = h("div");
  root.append(about, list);
  return (what) => {
    if (!store.state || what === "learned") return;
    keyed(list, store.state.endpoints, (each) => each.id, endpoint);
  };
}

function endpoint(first) {
  const box = panel(first.id, "");
  const where = h("span", { class: "muted" }), state = chip("", "ok");
  box.querySelector("header").insertBefore(where, box.end);
  box.end.append(state);
  const ribbons = AXES.map((name) => ({ name, ...ribbon(name) }));
  const fall = figure("Evidence of worse answers", "CUSUM over flaws; warns at 7, sure at 12");
  const canaries = h("div", { class: "canaries" }), canaryNote = h("span", { class: "muted" });
  const memory = figure("Memory of its process", "");
  const slow = figure("Slower than at its best", "decoding, at the same batch");
  const drawn = {
    fall: spark({ width: 260, height: 44, most: 14, limits: [[7, "soft"], [12, ""]], label: `CUSUM of ${first.id} over the last hour` }),
    memory: spark({ width: 260, height: 44, label: `Memory of ${first.id} over the last hour` }),
    slow: spark({ width: 260, height: 44, least: 0.9, limits: [[1.5, "soft"], [3, ""]], most: 3.2, label: `Slowdown of ${first.id} over the last hour` }),
  };
  for (const [name, part] of Object.entries({ fall, memory, slow })) part.append(drawn[name]);
  box.append(h("div", { class: "ribbons" }, ribbons.map((each) => each.node)),
    h("div", { class: "figures" }, fall, slow, memory, h("div", { class: "figure" }, h("h3", null, "Golden prompts"), canaryNote, canaries)));
  box.show = (each) => {
    const rows = store.history.get(each.id) ?? [];
    text(where, `${each.model} · ${each.engine} · circuit ${words(each.circuit)}`);
    text(state, each.state);
    attr(state, "data-tone", each.state === "up" ? "ok" : each.state === "down" || each.state === "ejected" ? "bad" : "warn");
    for (const one of ribbons) one.show(rows, each.condition[one.name]);
    const slots = Math.max(LEAST_SLOTS, rows.length);
    drawn.fall.show(rows.map((row) => row.fall), slots);
    drawn.slow.show(rows.map((row) => row.slowdown), slots);
    drawn.memory.show(rows.map((row) => row.rss_bytes), slots);
    figures(each, { fall, slow, memory });
    golden(each, canaries, canaryNote);
  };
  return box;
}

function figure(title, about) {
  const value = h("strong"), note = h("span", { class: "muted" }, about);
  const node = h("div", { class: "figure" }, h("h3", null, title), h("p", null, value, " ", note));
  node.value = value;
  node.note = note;
  return node;
}

function figures(each, part) {
  const seen = store.learned?.conditions[each.id];
  text(part.fall.value, each.fall === null ? NONE : each.fall.toFixed(1));
  text(part.fall.note, each.fall === null ? `judged from 100 answers on; ${count(Math.round(seen?.answers_seen ?? 0))} seen` : `warns at 7, sure at 12; ${percent(seen?.good_ratio)} of ${count(Math.round(seen?.answers_seen ?? 0))} without a flaw`);
  text(part.slow.value, `×${each.slowdown.toFixed(2)}`);
  text(part.memory.value, bytes(each.signals.rss_bytes.value));
  text(part.memory.note, memoryNote(each));
}

// Only a slope that the leak test believes gives a time; a slope alone is noise.
function memoryNote(each) {
  const slope = each.memory_slope_bytes_per_h, left = each.signals.memory_left_bytes.value;
  const room = left === null ? "" : `${bytes(left)} left`;
  if (each.signals.rss_bytes.value === null) return each.signals.rss_bytes.source;
  if (slope === null) return [room, "slope known after seven hours"].filter(Boolean).join("; ");
  const said = `${slope >= 0 ? "+" : ""}${bytes(slope)}/h`;
  if (each.condition.memory.state === "healthy" || left === null || slope <= 0) return [room, said, each.condition.memory.state === "healthy" ? "no leak" : ""].filter(Boolean).join("; ");
  return `${room}; ${said}; out of memory in about ${seconds((left / slope) * 3600)}`;
}

function golden(each, root, note) {
  const found = store.learned?.conditions[each.id];
  if (!found) return;
  const tones = found.golden_right.map((right, n) => (found.golden_failing.includes(n) ? "bad" : right >= 2 ? "ok" : right + found.golden_wrong[n] ? "warn" : "off"));
  const said = { ok: "known", bad: "known and failing", warn: "not known to be within its reach", off: "not asked yet" };
  keyed(root, tones.map((tone, n) => ({ tone, n })), (one) => one.n, () => {
    const node = h("i", { role: "img" });
    node.show = (one) => { attr(node, "data-tone", one.tone); attr(node, "aria-label", `prompt ${one.n + 1}: ${said[one.tone]}`); attr(node, "title", `prompt ${one.n + 1}: ${said[one.tone]}, ${found.golden_right[one.n]} right, ${found.golden_wrong[one.n]} wrong`); };
    return node;
  });
  const n = (tone) => tones.filter((one) => one === tone).length;
  text(note, n("ok") + n("bad") ? `${n("ok") + n("bad")} of ${tones.length} known, ${n("bad")} failing` : "none known yet; they are asked in idle time");
}

function ribbon(name) {
  const drawn = s("svg", { preserveAspectRatio: "none", class: "ribbon", "aria-hidden": "true" });
  const said = h("span", { class: "ribbon-text" });
  const node = h("div", { class: "ribbon-row" }, h("span", { class: "ribbon-name" }, name), drawn, said);
  let last = "";
  return {
    node,
    show(rows, found) {
      text(said, found.state === "healthy" ? "healthy" : `${found.state}: ${found.text}`);
      attr(said, "data-tone", TONES[found.state]);
      attr(said, "title", said.textContent);
      const slots = Math.max(LEAST_SLOTS, rows.length);
      const runs = runsOf(rows.map((row) => row[name]), slots);
      const drawing = JSON.stringify(runs);
      if (drawing === last) return;
      last = drawing;
      attr(drawn, "viewBox", `0 0 ${slots} 10`);
      replace(drawn, s("rect", { class: "none", x: 0, y: 0, width: slots, height: 10 }), runs.map(([from, length, state]) => s("rect", { x: from, y: 0, width: length, height: 10, "data-tone": TONES[state] ?? "off" }, s("title", null, state))));
    },
  };
}

function runsOf(states, slots) {
  const runs = [];
  const from = slots - states.length;
  states.forEach((state, place) => {
    const last = runs.at(-1);
    if (last && last[2] === state) last[1] += 1;
    else runs.push([from + place, 1, state]);
  });
  return runs;
}
