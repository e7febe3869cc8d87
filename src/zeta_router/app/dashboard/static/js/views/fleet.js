// Every model and endpoint as it is at this moment, and the waiting line.
import { send } from "../api.js";
import { add, attr, chip, h, keyed, panel, replace, table, text } from "../dom.js";
import { bar, spark } from "../chart.js";
import { bytes, count, NONE, percent, seconds, share } from "../format.js";
import { colourOf, store } from "../store.js";
import { axes } from "./axes.js";

const COLUMNS = [["Endpoint"], ["State"], ["In flight"], ["First token"], ["Tokens"], ["In time", "num"], ["Machine"], ["Price"], ["Change", "num"]];
const STATE_TONE = { up: "ok", paused: "warn", ejected: "bad", down: "bad", draining: "warn" };

export const fleet = { id: "fleet", title: "Fleet", icon: "M2 3h12v4H2zM2 9h12v4H2zM5 5h.01M5 11h.01", mount };

function mount(root) {
  const notes = h("ul", { class: "notes", "aria-label": "What needs a look" });
  const box = panel("Endpoints", "the last two minutes; times run from arrival here");
  const shown = table("Endpoints by model", COLUMNS);
  shown.body.remove();
  box.append(notes, h("div", { class: "wraps" }, shown));
  const line = panel("Waiting in the router", "");
  const tenants = panel("Tenants", "with a query on its way, by engine-seconds had; the least goes first");
  const empty = h("p", { class: "empty" }, "Waiting for the first frame.");
  root.append(empty, box, h("div", { class: "pair" }, line, tenants));
  const showLine = waitingLine(line), showTenants = tenantList(tenants);
  return () => {
    const state = store.state;
    if (!state) return;
    empty.hidden = true;
    const models = Object.entries(state.fleet.models)
      .map(([name, model]) => ({ name, model, endpoints: state.endpoints.filter((each) => each.model === name) }))
      .filter((group) => group.endpoints.length);
    groups(shown, models);
    troubles(notes, state);
    showLine(state);
    showTenants(state);
  };
}

// A body of rows per model; the head of the table stays where it is.
const bodies = new Map();
function groups(shown, models) {
  for (const [name, body] of bodies) if (!models.some((each) => each.name === name)) { body.remove(); bodies.delete(name); }
  for (const each of models) {
    if (!bodies.has(each.name)) bodies.set(each.name, group(each));
    const body = bodies.get(each.name);
    if (!body.isConnected) shown.append(body);
    body.show(each);
  }
}

function group(first) {
  const tasks = h("span", { class: "muted" });
  const head = h("tr", { class: "group", "data-key": "" }, h("th", { colspan: COLUMNS.length, scope: "rowgroup" }, h("span", { class: `swatch ${colourOf(first.name)}` }), h("strong", null, first.name), tasks));
  const node = h("tbody", { "data-model": first.name }, head);
  head.show = () => {};
  node.show = ({ name, model, endpoints }) => {
    const routed = Object.entries(store.state.fleet.routes).filter(([, to]) => to === name).map(([task]) => task);
    const size = model.params_b ? `${count(model.params_b)}B parameters` : "size unknown";
    text(tasks, `${size} · does ${model.tasks.join(", ")}${routed.length ? ` · usual for ${routed.join(", ")}` : ""}`);
    keyed(node, [{ id: "" }, ...endpoints], (each) => each.id, row);
  };
  return node;
}

const cell = (label, ...children) => h("td", { "data-label": label }, ...children);

function row(first) {
  const id = first.id;
  const engine = h("span", { class: "muted" }), resident = chip("not in memory", "warn"), unseen = chip("never reached", "warn"), state = chip("", "ok"), condition = axes();
  const inTime = h("span");
  const load = bar(), loadText = h("span"), queue = h("span", { class: "muted" });
  const ttft = h("span"), ttftBar = bar(), ttftNote = h("span", { class: "muted" }), ttftLate = h("span", { class: "muted" });
  const rate = h("span"), rateNote = h("span", { class: "muted" });
  const machine = ["CPU", "RAM", "GPU"].map((name) => ({ name, value: h("span", { class: "num" }), bar: bar() }));
  const price = h("span"), priceLine = spark({ width: 90, height: 22 });
  const button = h("button", { type: "button" });
  const trouble = h("span", { class: "problem", role: "status" });
  let draining = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    text(trouble, "");
    try { await send(`/zeta/endpoints/${encodeURIComponent(id)}/${draining ? "undrain" : "drain"}`, {}); }
    catch (error) { text(trouble, error.message); }
    button.disabled = false;
  });
  const node = h("tr", { "data-endpoint": id },
    h("td", { class: "name", "data-label": "" }, h("strong", null, id), engine, resident, unseen),
    cell("State", state, condition),
    cell("In flight", h("div", { class: "pair-line" }, loadText), load, queue),
    cell("First token", h("div", { class: "pair-line" }, ttft, ttftLate), ttftBar, ttftNote),
    cell("Tokens", h("div", { class: "pair-line" }, rate), rateNote),
    h("td", { class: "num", "data-label": "In time" }, inTime),
    cell("Machine", h("dl", { class: "machine" }, machine.map((each) => h("div", null, h("dt", null, each.name), h("dd", null, each.value, each.bar))))),
    cell("Price", h("div", { class: "pair-line" }, price), priceLine),
    h("td", { class: "num act" }, button, trouble));
  node.show = (each) => {
    text(engine, `${each.engine} at ${hostOf(each.url)}`);
    attr(engine, "title", each.url);
    unseen.hidden = polled(each);
    resident.hidden = each.in_memory !== false;
    text(state, each.state);
    attr(state, "data-tone", STATE_TONE[each.state] ?? "off");
    condition.show(each.condition);
    loadOf(each, load, loadText, queue);
    paceOf(each.pace, { ttft, ttftBar, ttftNote, ttftLate, rate, rateNote, inTime });
    machineOf(each, machine);
    text(price, each.price ? share(each.price, 3) : "0");
    priceLine.show((store.history.get(id) ?? []).slice(-60).map((one) => one.price).concat(each.price), 61);
    draining = each.state === "draining";
    text(button, draining ? "Undrain" : "Drain");
    attr(button, "aria-label", `${draining ? "Take back" : "Drain"} ${id}`);
  };
  return node;
}

// Whether a poll was ever answered; without one "up" is only what nobody has contradicted.
const polled = (each) => Object.values(each.signals).some((signal) => signal.age_s !== null);

// An engine of this machine by its port alone: the rest would be the same for all.
function hostOf(url) {
  try {
    const { hostname, host, port } = new URL(url);
    return port && ["127.0.0.1", "localhost", "[::1]"].includes(hostname) ? `:${port}` : host;
  } catch { return url; }
}

function loadOf(each, load, loadText, queue) {
  const used = each.in_flight + each.foreign_in_flight;
  text(loadText, `${each.in_flight} of ${each.slots}`);
  text(queue, [each.foreign_in_flight && `+${each.foreign_in_flight} others`, each.queue_depth && `${count(each.queue_depth)} queued inside`].filter(Boolean).join(", ") || "");
  load.show([[each.in_flight / each.slots], [each.foreign_in_flight / each.slots, "others"]], used > each.slots ? "bad" : used >= each.slots ? "warn" : null);
}

function paceOf(pace, part) {
  text(part.ttft, seconds(pace.ttft_p50_s));
  text(part.ttftNote, pace.ttft_used_p95_ratio === null ? (pace.answers ? "no objective" : "") : `${percent(pace.ttft_used_p95_ratio)} of objective`);
  text(part.ttftLate, pace.ttft_p95_s === null ? "" : `p95 ${seconds(pace.ttft_p95_s)}`);
  const used = pace.ttft_used_p95_ratio ?? 0;
  part.ttftBar.show([[used]], used > 1 ? "bad" : used > 0.7 ? "warn" : null);
  attr(part.ttftBar, "title", `95 % within ${seconds(pace.ttft_p95_s)}`);
  text(part.rate, pace.output_tokens_per_s === null ? NONE : `${count(pace.output_tokens_per_s)}/s`);
  const bound = pace.tpot_slo_s === null ? "" : ` of ${seconds(pace.tpot_slo_s)}`;
  text(part.rateNote, pace.answers ? `${seconds(pace.tpot_p50_s)}${bound} each` : "no answers");
  text(part.inTime, percent(pace.in_time_ratio));
  attr(part.inTime, "title", `of ${pace.answers} answers`);
}

function machineOf(each, machine) {
  const { cpu_ratio: cpu, rss_bytes: rss, memory_left_bytes: left } = each.signals;
  const full = rss.value !== null && left.value !== null ? rss.value / (rss.value + left.value) : null;
  const gpu = each.gpu.gpu_ratio;
  const said = [[percent(cpu.value), cpu.value, cpu.source], [bytes(rss.value), full, rss.source], [gpu === null ? NONE : percent(gpu), gpu, gpu === null ? "no GPU is measured for this endpoint" : `${bytes(each.gpu.gpu_memory_bytes)} of GPU memory`]];
  said.forEach(([value, ratio, source], place) => {
    text(machine[place].value, value);
    attr(machine[place].value, "title", source);
    machine[place].bar.show([[ratio ?? 0]], ratio > 0.95 ? "bad" : ratio > 0.85 ? "warn" : null);
  });
}

function troubles(notes, state) {
  const found = state.endpoints.flatMap((each) => [
    ...(!polled(each) && each.state === "up" ? [[each.id, "no poll has been answered yet; whether it can be reached shows with the first query", "warn"]] : []),
    ...(each.state === "down" ? [[each.id, "cannot be reached", "bad"]] : []),
    ...Object.entries(each.condition).filter(([, one]) => one.state !== "healthy").map(([axis, one]) => [each.id, `${axis}: ${one.text || one.state}`, one.state === "suspect" || one.state === "probing" ? "warn" : "bad"]),
  ]);
  const alike = new Map(); // what several endpoints share is said once
  for (const [id, said, tone] of found) alike.set(said, [...(alike.get(said) ?? []), [id, tone]]);
  const items = found.length ? [...alike].map(([said, of]) => h("li", null, of.map(([id, tone]) => [chip(id, tone), " "]), said)) : [h("li", { class: "muted" }, chip("all well", "ok"), " Every endpoint is up and healthy on all four axes.")];
  replace(notes, items);
}

function waitingLine(root) {
  const depth = h("p", { class: "lanes" });
  const shown = table("The next queries to be served", [["Task"], ["Lane"], ["Tenant"], ["Waited", "num"], ["Left", "num"], ["Worth", "num"]]);
  const none = h("p", { class: "empty" }, "Nobody waits: every query found a free slot at once.");
  const held = h("div", { class: "fixed scroll", tabindex: "0", role: "region", "aria-label": "Waiting line" }, none, shown);
  root.append(depth, held);
  return (state) => {
    replace(depth, Object.entries(state.queue.depth).map(([lane, n]) => h("span", null, h("strong", null, n), ` ${lane} `)));
    none.hidden = state.queue.next.length > 0;
    shown.hidden = !none.hidden;
    keyed(shown.body, state.queue.next.slice(0, 12), (each) => each.id, () => {
      const cells = Array.from({ length: 6 }, (_, place) => h("td", { class: place > 2 ? "num" : null }));
      const node = h("tr", null, cells);
      node.show = (each) => [each.task, each.lane, each.tenant || NONE, seconds(each.waited_s), seconds(each.patience_left_s), share(each.density, 3)].forEach((said, place) => text(cells[place], said));
      return node;
    });
  };
}

function tenantList(root) {
  const list = h("ul", { class: "tenants" });
  const none = h("p", { class: "empty" }, "Nobody has a query on its way. Tenants are told apart by the header x-zeta-tenant, else by the API key.");
  root.append(h("div", { class: "fixed scroll", tabindex: "0", role: "region", "aria-label": "Tenants" }, none, list));
  return (state) => {
    none.hidden = state.tenants.length > 0;
    const most = Math.max(1e-9, ...state.tenants.map((each) => each.work_s));
    keyed(list, [...state.tenants].reverse().slice(0, 12), (each) => each.tenant, () => {
      const name = h("span"), value = h("span", { class: "num" }), drawn = bar();
      const node = h("li", null, name, drawn, value);
      node.show = (each) => { text(name, each.tenant || "nobody in particular"); text(value, seconds(each.work_s)); drawn.show([[each.work_s / most]]); };
      return node;
    });
  };
}
