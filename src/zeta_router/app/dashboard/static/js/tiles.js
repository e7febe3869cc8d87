// The line of figures at the top: everything at once, over the last two minutes.
import { attr, h, text } from "./dom.js";
import { spark } from "./chart.js";
import { count, NONE, percent, seconds } from "./format.js";
import { buckets, store } from "./store.js";

const SLOTS = 60; // five minutes of five-second buckets
const sent = (bucket) => bucket.sent.reduce((sum, row) => sum + row[3], 0);
const spill = (bucket) => bucket.sent.reduce((sum, row) => sum + (row[2] ? row[3] : 0), 0);
const ends = (bucket, name) => {
  const place = 1 + ["answers", "in_time", "output_tokens", "refused", "lost"].indexOf(name);
  return bucket.ends.reduce((sum, row) => sum + row[place], 0);
};

const TILES = [
  ["Queries", (r) => count(r.sent / r.span_s), "/s", (r) => `${count(r.sent)} in ${seconds(r.span_s)}`, (b) => sent(b) / 5],
  ["In flight and waiting", (r, st) => count(inFlight(st)), "", (r, st) => waiting(st), null],
  ["In time", (r) => (r.answers ? percent(r.in_time / r.answers, 1) : NONE), "", (r) => lostText(r), (b) => (ends(b, "answers") ? ends(b, "in_time") / ends(b, "answers") : null)],
  ["First token, median", (r) => seconds(r.ttft_p50_s), "", (r) => `95 % within ${seconds(r.ttft_p95_s)}`, null],
  ["Tokens out", (r) => count(r.output_tokens / r.span_s), "/s", (r) => `${count(r.answers)} answers`, (b) => ends(b, "output_tokens") / 5],
  ["Spill", (r) => (r.sent ? percent(r.spilled / r.sent) : NONE), "", () => "not the usual model", (b) => (sent(b) ? spill(b) / sent(b) : null)],
];

const inFlight = (state) => state.endpoints.reduce((sum, each) => sum + each.in_flight, 0);
const queued = (depth) => Object.values(depth).reduce((sum, n) => sum + n, 0);
const waiting = (state) => `${queued(state.queue.depth)} waiting here`;
const lostText = (r) => (r.refused || r.lost ? `${r.refused} refused, ${r.lost} lost` : "none refused or lost");

export function tiles(root) {
  const made = TILES.map(([name, value, unit, note, series]) => {
    const big = h("span", null, NONE), small = h("div", { class: "note" });
    const drawn = spark({ width: 160, height: 26, label: null, ...(series && name !== "Queries" && name !== "Tokens out" ? { most: 1.02 } : {}) });
    root.append(h("div", { class: "tile" }, h("div", { class: "name" }, name), h("div", { class: "value" }, big, unit && h("small", null, ` ${unit}`)), small, drawn));
    return { name, big, small, drawn, value, note, series };
  });
  return () => {
    const state = store.state;
    if (!state) return;
    for (const each of made) {
      text(each.big, each.value(state.recent, state));
      text(each.small, each.note(state.recent, state));
      attr(each.small, "title", each.small.textContent);
      const values = valuesOf(each);
      each.drawn.show(values, Math.max(20, values.length));
    }
  };
}

function valuesOf(tile) {
  if (tile.series) return over(tile.series);
  if (tile.name.startsWith("In flight")) return store.seen.slice(-SLOTS).map(([, open]) => open);
  return ttfts();
}

function over(series) {
  const found = new Map(buckets(5 * SLOTS).map((bucket) => [bucket.at_s, series(bucket)]));
  const now = Math.floor((store.state.now_s - 5) / 5) * 5; // the last whole bucket
  const times = Array.from({ length: SLOTS }, (_, place) => now - 5 * (SLOTS - 1 - place));
  return times.map((at) => (found.has(at) ? found.get(at) : null));
}

// The medians that frames of this visit told.
const seen = [];
let lastAt = -1;
function ttfts() {
  if (store.state.now_s !== lastAt) { seen.push(store.state.recent.ttft_p50_s); lastAt = store.state.now_s; }
  while (seen.length > SLOTS) seen.shift();
  return seen;
}
