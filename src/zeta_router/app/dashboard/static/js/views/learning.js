// What was learned: how good each model is taken to be, and how right predictions turn out.
import { get } from "../api.js";
import { add, chip, h, keyed, panel, replace, s, table, text } from "../dom.js";
import { interval } from "../chart.js";
import { count, day, NONE, percent, share, words } from "../format.js";
import { colourOf, store, taskOrder } from "../store.js";

export const learning = { id: "learning", title: "Learning", icon: "M2 13l4-5 3 3 5-8", mount };

function mount(root) {
  const quality = panel("Quality of answers", "expected, with its 95 % interval; votes and checks move it");
  const tasks = h("div", { class: "cells" });
  const topics = table("Quality by topic", [["Topic"], ["Model"], ["0 to 1"], ["Mean", "num"], ["Evidence", "num"]]);
  quality.append(tasks, h("details", null, h("summary", null, "By topic"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Quality by topic" }, topics)));
  const calibration = panel("Promises kept", "");
  const chart = reliability();
  const calibrationNote = h("p", { class: "muted" });
  calibration.append(calibrationNote, chart);
  const errors = panel("Measured over predicted", "1 is right, 2 is twice as long as thought");
  const ratios = table("Measured over predicted, by endpoint", [["Endpoint"], ["First token"], ["Per token"], ["Length"], ["Answers", "num"]]);
  errors.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Measured over predicted" }, ratios));
  const forecast = panel("Forecast of arrivals", "in the next 30 s");
  const ahead = table("Forecast of arrivals", [["Task"], ["Expected", "num"], ["90 % below", "num"], ["Error", "num"], ["Was below", "num"], [""]]);
  forecast.append(h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Forecast" }, ahead));
  const promotions = panel("Retraining", "what the nightly retraining changed, and why");
  const verdicts = h("ul", { class: "promotions" });
  promotions.append(verdicts);
  root.append(quality, h("div", { class: "pair narrow-left" }, calibration, errors), h("div", { class: "pair" }, forecast, promotions));
  return (what) => {
    if (what === "shown") loadPromotions(verdicts);
    if (!store.state) return;
    forecasts(ahead.body);
    if (!store.learned || (what === "state")) return;
    const cells = store.learned.quality;
    qualityOf(tasks, cells.filter((each) => each.topic === each.task));
    topicRows(topics.body, cells.filter((each) => each.topic !== each.task && each.evidence > 0.05));
    chart.show(store.learned.calibration.p_slo);
    const n = store.learned.calibration.answers;
    text(calibrationNote, n ? `Predicted chance to be in time against the share that was, over the last ${n} answers. Dots on the line are honest; below it, promises were too bold. Dots are as large as what they rest on.` : "No answer yet: there is nothing to compare.");
    ratioRows(ratios.body, store.learned.calibration.endpoints);
  };
}

function qualityOf(root, cells) {
  const groups = [...new Set(cells.map((each) => each.task))].sort((a, b) => taskOrder(a) - taskOrder(b));
  keyed(root, groups.map((task) => ({ task, cells: cells.filter((each) => each.task === task) })), (group) => group.task, (group) => {
    const list = h("ul");
    const node = h("section", null, h("h3", null, group.task), list);
    node.show = (each) => keyed(list, each.cells, (cell) => cell.model, (first) => {
      const drawn = interval({ width: 200 }), mean = h("span", { class: "num" }), evidence = h("span", { class: "num muted" });
      const item = h("li", null, h("span", { class: "name" }, first.model), drawn, mean, evidence);
      item.show = (cell) => { drawn.show(cell.low, cell.mean, cell.high, colourOf(cell.model)); text(mean, share(cell.mean)); text(evidence, `${share(cell.low)}–${share(cell.high)} · ${count(cell.evidence)} seen`); };
      return item;
    });
    return node;
  });
}

function topicRows(body, cells) {
  if (!cells.length) return replace(body, h("tr", null, h("td", { colspan: 5, class: "muted" }, "No answer has been judged yet.")));
  return replace(body, cells.map((cell) => {
    const drawn = interval({ width: 160 });
    drawn.show(cell.low, cell.mean, cell.high, colourOf(cell.model));
    return h("tr", null, h("td", null, cell.topic), h("td", null, cell.model), h("td", null, drawn), h("td", { class: "num" }, share(cell.mean)), h("td", { class: "num" }, count(cell.evidence)));
  }));
}

function reliability() {
  const W = 420, H = 240, x = (v) => 40 + v * (W - 60), y = (v) => H - 30 - v * (H - 46);
  const node = s("svg", { viewBox: `0 0 ${W} ${H}`, class: "chart reliability", role: "img", "aria-label": "Predicted chance to be in time against the share that was" });
  node.show = (bins) => {
    const found = bins.filter((each) => each.answers > 0), total = found.reduce((sum, each) => sum + each.answers, 0);
    replace(node,
      [0, 0.5, 1].flatMap((v) => [s("line", { class: "grid", x1: x(0), x2: x(1), y1: y(v), y2: y(v) }), s("text", { x: x(0) - 8, y: y(v) + 4, "text-anchor": "end" }, `${v * 100} %`), s("text", { x: x(v), y: H - 12, "text-anchor": "middle" }, `${v * 100} %`)]),
      s("line", { class: "axis honest", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
      s("text", { x: x(0.5), y: H - 1, "text-anchor": "middle" }, "predicted"), s("text", { x: x(0) + 4, y: 11 }, "came in time"),
      found.map((each) => s("circle", { class: "fill k0 dot", cx: x(each.predicted), cy: y(each.met), r: 3 + 9 * Math.sqrt(each.answers / total) }, s("title", null, `predicted ${percent(each.predicted)}, came ${percent(each.met)}, ${each.answers} answers`))));
  };
  return node;
}

// A ratio on a logarithmic scale from a quarter to four.
function ratio(found) {
  if (found.p50 === null) return h("span", { class: "muted" }, NONE);
  const W = 84, x = (v) => W / 2 + (Math.max(-2, Math.min(2, Math.log2(v))) / 2) * (W / 2 - 6);
  const drawn = s("svg", { viewBox: `0 0 ${W} 16`, class: "ratio", "aria-hidden": "true" }, s("line", { class: "axis", x1: 4, x2: W - 4, y1: 8, y2: 8 }), s("line", { class: "axis honest", x1: W / 2, x2: W / 2, y1: 1, y2: 15 }), s("line", { class: "stroke range k0", x1: x(found.p10), x2: x(found.p90), y1: 8, y2: 8 }), s("circle", { class: "fill k0", cx: x(found.p50), cy: 8, r: 3.5 }));
  return h("span", { class: "ratio-box" }, drawn, h("span", { class: "num", title: `80 % between ${found.p10.toFixed(2)} and ${found.p90.toFixed(2)}` }, `×${found.p50.toFixed(2)}`));
}

function ratioRows(body, endpoints) {
  replace(body, endpoints.length ? endpoints.map((each) => h("tr", null, h("td", null, each.id), h("td", null, ratio(each.ttft)), h("td", null, ratio(each.tpot)), h("td", null, ratio(each.length)), h("td", { class: "num" }, each.answers))) : h("tr", null, h("td", { colspan: 5, class: "muted" }, "No answer yet.")));
}

function forecasts(body) {
  const tasks = Object.entries(store.state.forecast.tasks).sort(([a], [b]) => (a === "all") - (b === "all") || taskOrder(a) - taskOrder(b));
  replace(body, tasks.length ? tasks.map(([task, by]) => {
    const each = by["30s"];
    return h("tr", null, h("td", null, task), h("td", { class: "num" }, count(each.expected)), h("td", { class: "num" }, count(each.p90)), h("td", { class: "num" }, percent(each.wape)), h("td", { class: "num" }, percent(each.coverage_p90)), h("td", { class: "muted" }, each.note));
  }) : h("tr", null, h("td", { colspan: 6, class: "muted" }, "No query has come yet.")));
}

const TONE = { promoted: "ok", refused: undefined, rolled_back: "bad" };

async function loadPromotions(list) {
  try {
    const found = await get("/zeta/promotions");
    if (found.trouble) return replace(list, h("li", { class: "muted" }, `The log cannot be read: ${found.trouble}`));
    const items = found.promotions.map((each) => h("li", null, chip(words(each.verdict), TONE[each.verdict]), h("strong", null, ` ${each.head} `), h("span", { class: "muted" }, day(each.wall_s)), h("p", null, each.reason)));
    return replace(list, items.length ? items : h("li", { class: "muted" }, "No head has been retrained yet. It happens once a day from the log, or with zeta train; mostly nothing is promoted, because every outcome teaches at once."));
  } catch (error) {
    return replace(list, h("li", { class: "muted" }, `Cannot be loaded: ${error.message}`));
  }
}
