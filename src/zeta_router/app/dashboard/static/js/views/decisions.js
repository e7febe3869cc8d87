// The latest decisions, newest first; each opens in full.
import { attr, chip, h, keyed, panel, text } from "../dom.js";
import { ago, count, NONE, seconds, words } from "../format.js";
import { colourOf, store } from "../store.js";

export const decisions = { id: "decisions", title: "Decisions", icon: "M3 3h10M3 8h10M3 13h6", mount };

const TONE = { dispatch: "ok", wait: "warn", reject: "bad" };

function mount(root) {
  let held = null;
  const hold = h("button", { type: "button", "aria-pressed": "false", onclick: () => { held = held ? null : store.state?.decisions ?? []; attr(hold, "aria-pressed", held !== null); text(hold, held ? "Go on" : "Hold"); update(); } }, "Hold");
  const task = h("select", { "aria-label": "Task" }), what = h("select", { "aria-label": "Outcome" });
  choices(task, [["", "every task"]]);
  choices(what, [["", "every decision"], ["spill", "spill only"], ["wait", "waited"], ["reject", "refused"], ["failed", "failed"]]);
  for (const each of [task, what]) each.addEventListener("change", () => update());
  const list = h("tbody");
  const head = ["When", "Task", "Why", "Went to", "Waited", "First token", "In all", "Tokens", "End"];
  const shown = h("table", { class: "decisions-table" }, h("caption", { class: "hidden-text" }, "Latest decisions, newest first"), h("thead", null, h("tr", null, head.map((name, place) => h("th", { scope: "col", class: place > 3 && place < 8 ? "num" : null }, name)))), list);
  const empty = h("p", { class: "empty" }, "No query has been decided since the gateway was started.");
  const none = h("p", { class: "empty" }, "None of the latest decisions is of this kind.");
  const box = panel("Latest decisions", "each line opens its explanation");
  box.end.append(h("div", { class: "row filters" }, task, what, hold));
  box.append(empty, none, h("div", { class: "wraps" }, shown));
  root.append(box);

  function update(kind) {
    if (!store.state || kind === "learned") return;
    const found = held ?? store.state.decisions;
    choices(task, [["", "every task"], ...Object.keys(store.state.fleet.routes).map((name) => [name, name])]);
    const chosen = found.filter((each) => (!task.value || each.task === task.value) && fits(each, what.value));
    empty.hidden = found.length > 0;
    none.hidden = !found.length || chosen.length > 0;
    shown.hidden = !chosen.length;
    keyed(list, chosen, (each) => each.decision_id, row);
  }
  return update;
}

const spilled = (each) => each.model && each.reason !== "pinned" && store.state.fleet.routes[each.task] && store.state.fleet.routes[each.task] !== each.model;

function fits(each, what) {
  if (what === "spill") return spilled(each);
  if (what === "wait") return each.verdict === "wait" || (each.queue_wait_s ?? 0) > 0.001;
  if (what === "reject") return each.verdict === "reject";
  if (what === "failed") return each.status !== null && each.status !== "ok";
  return true;
}

function choices(select, wanted) {
  if (select.children.length === wanted.length) return;
  const kept = select.value;
  select.replaceChildren(...wanted.map(([value, name]) => h("option", { value }, name)));
  select.value = wanted.some(([value]) => value === kept) ? kept : "";
}

function row(first) {
  const id = first.decision_id;
  const when = h("a", { href: `#decisions/${encodeURIComponent(id)}` }), why = chip("", "ok");
  const swatch = h("span", { class: "swatch" }), where = h("span"), model = h("span", { class: "muted" }), mark = chip("spill", "bad");
  const numbers = ["Waited", "First token", "In all", "Tokens"].map((name) => h("td", { class: "num", "data-label": name }));
  const task = h("td", { "data-label": "Task" }), end = h("td", { "data-label": "End" });
  const node = h("tr", null, h("td", { "data-label": "When", class: "nowrap" }, when), task, h("td", { "data-label": "Why" }, why), h("td", { "data-label": "Went to" }, swatch, " ", where, " ", model, " ", mark), numbers, end);
  node.addEventListener("click", (event) => { if (!event.target.closest("a") && !getSelection().toString()) location.hash = when.hash; });
  node.show = (each) => {
    text(when, ago(store.state.now_s - each.decided_at_s));
    attr(when, "aria-label", `Decision ${id}, ${when.textContent}`);
    text(task, each.task);
    text(why, words(each.reason));
    attr(why, "data-tone", TONE[each.verdict]);
    attr(swatch, "class", each.model ? `swatch ${colourOf(each.model)}` : "swatch none");
    text(where, each.endpoint ?? (each.verdict === "wait" ? "waiting" : "nobody"));
    text(model, each.model ?? "");
    mark.hidden = !spilled(each);
    [seconds(each.queue_wait_s), seconds(each.ttft_s), seconds(each.e2e_s), count(each.output_tokens)].forEach((said, place) => text(numbers[place], said));
    text(end, each.status === null ? (each.verdict === "reject" ? "refused" : "running") : each.status === "ok" ? "answered" : words(each.status));
    attr(end, "class", each.status === null || each.status === "ok" ? "muted" : "bad-text");
  };
  return node;
}
