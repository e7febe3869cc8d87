// What the page knows: the newest frame, what was learned, and the past, joined from an opening
// answer and the frames since.
import { get } from "./api.js";

const KEEP_BUCKETS = 180;
const KEEP_SAMPLES = 360;

export const store = { state: null, learned: null, flow: new Map(), history: new Map(), past: null, seen: [] };
const listeners = new Set();

export const listen = (heard) => listeners.add(heard);
const tell = (what) => { for (const heard of listeners) heard(what); };

export function take(kind, data) {
  if (kind === "state") {
    if (store.state && data.now_s < store.state.now_s) forget();
    store.state = data;
    for (const bucket of data.flow) store.flow.set(bucket.at_s, bucket);
    while (store.flow.size > KEEP_BUCKETS) store.flow.delete(Math.min(...store.flow.keys()));
    store.seen.push([data.now_s, data.open, data.queue.depth]);
    if (store.seen.length > 120) store.seen.shift();
    sample(data);
  } else if (kind === "learned") {
    store.learned = data;
  }
  tell(kind);
}

// The gateway was started anew: its clock and its past are others.
function forget() {
  store.flow.clear();
  store.history.clear();
  store.seen.length = 0;
  store.past = null;
  loadPast();
}

export async function loadPast() {
  try {
    const past = await get("/zeta/past");
    store.past = past;
    for (const bucket of past.flow) store.flow.set(bucket.at_s, bucket); // those of a pause were half full
    for (const [id, rows] of Object.entries(past.history.endpoints)) store.history.set(id, rows.map((row) => named(past.history.columns, row)));
    tell("past");
  } catch { /* the stream says what is wrong */ }
}

const named = (columns, row) => Object.fromEntries(columns.map((name, place) => [name, row[place]]));

// One sample per endpoint each ten seconds, as the gateway keeps them.
function sample(data) {
  if (!store.past) return;
  for (const endpoint of data.endpoints) {
    const rows = store.history.get(endpoint.id) ?? [];
    store.history.set(endpoint.id, rows);
    const last = rows.at(-1);
    if (last && data.now_s - last.at_s < store.past.history.every_s - 0.5) continue;
    rows.push({
      at_s: data.now_s, in_flight: endpoint.in_flight, price: endpoint.price,
      cpu_ratio: endpoint.signals.cpu_ratio.value, rss_bytes: endpoint.signals.rss_bytes.value,
      fall: endpoint.fall, canaries_failing: endpoint.canaries_failing, slowdown: endpoint.slowdown,
      ...Object.fromEntries(Object.entries(endpoint.condition).map(([axis, found]) => [axis, found.state])),
    });
    if (rows.length > KEEP_SAMPLES) rows.shift();
  }
}

// Buckets of the last `span_s` seconds, oldest first.
export function buckets(span_s) {
  const now = store.state?.now_s ?? 0;
  return [...store.flow.values()].filter((each) => each.at_s > now - span_s - 5).sort((a, b) => a.at_s - b.at_s);
}

// A model's colour is its place among the fleet's models; a task's among the tasks.
const TASKS = ["simple", "code", "reasoning", "embedding", "rerank"];
export function colourOf(model) {
  const models = Object.keys(store.state?.fleet.models ?? {});
  return `k${Math.max(0, models.indexOf(model)) % 8}`;
}
export const taskOrder = (task) => { const place = TASKS.indexOf(task); return place < 0 ? TASKS.length : place; };
