// Which task goes to which model, and how that shifts under load; spill in its own colour.
import { add, attr, h, keyed, panel, replace, table, text } from "../dom.js";
import { sankey, stacks } from "../chart.js";
import { count, NONE, percent } from "../format.js";
import { buckets, colourOf, store, taskOrder } from "../store.js";

export const flow = { id: "flow", title: "Flow", icon: "M2 4c6 0 6 8 12 8M2 12c6 0 6-8 12-8", mount };

const SPANS = [[60, "1 min"], [300, "5 min"], [900, "15 min"]];
const COLUMNS = 60;

function mount(root) {
  let span = 300;
  const buttons = SPANS.map(([length, name]) => h("button", { type: "button", "aria-pressed": length === span, onclick: () => { span = length; update(); } }, name));
  const now = panel("Tasks to models", "first attempts; bands are as wide as what went there");
  now.end.append(h("div", { class: "row", role: "group", "aria-label": "Time span" }, buttons));
  const drawn = sankey({ label: "Share of queries from each task to each model; the table below has the numbers", colour: colourOf });
  const empty = h("p", { class: "empty" }, "No query has come in this time. Send one from “Try a query”, or point a client at this address.");
  const legend = h("ul", { class: "legend" });
  now.append(h("div", { class: "sankey-box" }, empty, drawn), legend);
  const shown = table("Queries by task and model", [["Task"], ["Model"], ["Queries", "num"], ["Share of task", "num"], ["Spill", "num"]]);
  const numbers = panel("The same in numbers", "");
  numbers.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Flow in numbers" }, shown));
  const time = panel("Over time", "queries per second by model; spill on top");
  const columns = stacks({ label: "Queries per second over time, by model, with spill on top", slots: COLUMNS });
  time.append(columns);
  const ends = panel("What came of them", "by task; lost: cut off by the engine, left: by the client");
  const endTable = table("Ends by task", [["Task"], ["Answers", "num"], ["In time", "num"], ["Tokens", "num"], ["Refused", "num"], ["Lost", "num"], ["Left", "num"]]);
  ends.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Ends by task" }, endTable));
  root.append(now, time, h("div", { class: "pair" }, numbers, ends));

  function update() {
    if (!store.state) return;
    buttons.forEach((button, place) => attr(button, "aria-pressed", SPANS[place][0] === span));
    const found = buckets(span);
    const flows = sums(found);
    empty.hidden = flows.length > 0;
    drawn.show(flows);
    key(legend);
    rows(shown.body, flows);
    overTime(columns, found, span);
    endRows(endTable.body, found);
  }
  return update;
}

function sums(found) {
  const by = new Map();
  for (const bucket of found) for (const [task, model, spilled, n] of bucket.sent) {
    const name = `${task}\n${model}\n${spilled}`;
    const flow = by.get(name) ?? { task, model, spilled, n: 0 };
    flow.n += n;
    by.set(name, flow);
  }
  const models = Object.keys(store.state.fleet.models);
  return [...by.values()].sort((a, b) => taskOrder(a.task) - taskOrder(b.task) || models.indexOf(a.model) - models.indexOf(b.model));
}

function key(legend) {
  const models = [...new Set(store.state.endpoints.map((each) => each.model))];
  const items = [...models.map((name) => ({ name, kind: colourOf(name) })), { name: "spill: another than the task's usual model", kind: "spill" }];
  keyed(legend, items, (each) => each.name, (each) => {
    const node = h("li", null, h("span", { class: `swatch ${each.kind}` }), each.name);
    node.show = () => {};
    return node;
  });
}

function rows(body, flows) {
  const tasks = new Map();
  for (const each of flows) tasks.set(each.task, (tasks.get(each.task) ?? 0) + each.n);
  replace(body, flows.length ? flows.map((each) => h("tr", null, h("td", null, each.task), h("td", null, each.model || NONE), h("td", { class: "num" }, each.n), h("td", { class: "num" }, percent(each.n / tasks.get(each.task))), h("td", { class: "num" }, each.spilled ? "yes" : ""))) : h("tr", null, h("td", { colspan: 5, class: "muted" }, "Nothing yet.")));
}

function overTime(columns, found, span) {
  const wide = span / COLUMNS < 5 ? 5 : span / COLUMNS;
  const n = Math.round(span / wide), end = Math.floor(store.state.now_s / wide) * wide;
  const cells = Array.from({ length: COLUMNS }, () => new Map());
  for (const bucket of found) {
    const place = COLUMNS - 1 - Math.floor((end - Math.floor(bucket.at_s / wide) * wide) / wide);
    if (place < COLUMNS - n || place >= COLUMNS) continue;
    for (const [, model, spilled, number] of bucket.sent) {
      const name = `${spilled ? 1 : 0}${model}`;
      cells[place].set(name, (cells[place].get(name) ?? 0) + number / wide);
    }
  }
  const drawn = cells.map((cell) => [...cell].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, value]) => {
    const model = name.slice(1), spilled = name[0] === "1";
    return [value, spilled ? "spill" : `fill ${colourOf(model)}`, `${model}${spilled ? " (spill)" : ""}: ${value.toFixed(1)}/s`];
  }));
  const from = 1 - n / COLUMNS;
  columns.show(drawn, "queries/s", [[from, `${Math.round(span / 60)} min ago`], [1, "now"]]);
}

function endRows(body, found) {
  const by = new Map();
  for (const bucket of found) for (const [task, ...numbers] of bucket.ends) {
    const sum = by.get(task) ?? [0, 0, 0, 0, 0, 0];
    numbers.forEach((value, place) => { sum[place] += value; });
    by.set(task, sum);
  }
  const items = [...by].sort(([a], [b]) => taskOrder(a) - taskOrder(b));
  replace(body, items.length ? items.map(([task, [answers, inTime, tokens, refused, lost, left]]) => h("tr", null, h("td", null, task), h("td", { class: "num" }, answers), h("td", { class: "num" }, answers ? percent(inTime / answers, 1) : NONE), h("td", { class: "num" }, count(tokens)), h("td", { class: "num" }, refused), h("td", { class: "num" }, lost), h("td", { class: "num" }, left))) : h("tr", null, h("td", { colspan: 7, class: "muted" }, "Nothing yet.")));
}
