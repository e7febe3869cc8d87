// One explanation: what was asked, every candidate's terms as a bar, what was left out, what came.
import { send } from "./api.js";
import { add, chip, h, replace, s, table, text } from "./dom.js";
import { bytes, count, percent, seconds, share, signed, words } from "./format.js";
import { colourOf } from "./store.js";

const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

export function explanation(found, { votes = false } = {}) {
  const asked = found.asked;
  const slo = Object.entries({ "first token": asked.slo.ttft_s, "per token": asked.slo.tpot_s, "in all": asked.slo.e2e_s })
    .filter(([, bound]) => bound !== null).map(([name, bound]) => `${name} ${seconds(bound)}`).join(", ");
  return h("div", { class: "explained" },
    h("p", { class: "summary" }, found.summary),
    h("p", { class: "muted" }, asked.sentence),
    h("dl", { class: "facts" },
      fact("Task", h("span", null, asked.task, " ", h("span", { class: "muted" }, asked.task_told ? "told by the caller" : percent(asked.posterior[asked.task])))),
      fact("Topics", asked.topics.filter((each) => each.probability >= 0.01).slice(0, 3).map((each) => `${each.topic} ${percent(each.probability)}`).join(", ")),
      fact("Objectives", slo || "none"),
      fact("Lane", asked.lane),
      fact("Tenant", asked.tenant || "–"),
      fact("Prompt", `about ${asked.prompt_tokens} tokens`)),
    found.decisions.map((step, place) => stepOf(step, place, found.decisions.length)),
    found.attempts.length > 0 && attempts(found),
    votes && found.outcome?.status === "ok" && vote(found));
}

function stepOf(step, place, of) {
  const priced = step.candidates.some((each) => each.terms.is_score);
  return h("section", { class: "step" },
    h("h3", null, of > 1 ? `Decision ${place + 1} of ${of}, ${seconds(step.after_s)} after arrival` : "Decision"),
    h("p", null, chip(words(step.reason), step.verdict === "dispatch" ? "ok" : step.verdict === "wait" ? "warn" : "bad"), " ", step.sentence,
      h("span", { class: "muted" }, ` · policy ${step.policy}, chosen with probability ${share(step.propensity, 3)}${step.slo_scale > 1 ? ` · objectives taken ${share(step.slo_scale, 1)} times as long: no engine is faster` : ""}`)),
    step.lane_order.held && h("p", { class: "muted" }, step.lane_order.sentence),
    step.candidates.length > 0 && h("p", { class: "formula" }, priced
      ? "score = quality × P(in time) − price × work − slowdown of running answers − cost of moving"
      : `The policy ${step.policy} scores by a rule of its own. The bars show what joint would weigh.`),
    step.candidates.length > 0 && candidates(step),
    step.dropped.length > 0 && dropped(step));
}

function candidates(step) {
  const top = Math.max(0.05, ...step.candidates.map((each) => Math.max(each.terms.gain ?? 0, losses(each))));
  const order = [...step.candidates].sort((a, b) => (b.score ?? -9) - (a.score ?? -9));
  return h("ol", { class: "candidates" }, order.map((each) => candidate(each, top)));
}

const losses = (each) => (each.terms.price_work ?? 0) + (each.terms.slowdown ?? 0) + (each.terms.switch ?? 0);

function candidate(each, top) {
  const t = each.terms;
  return h("li", { class: each.chosen ? "candidate chosen" : "candidate" },
    h("div", { class: "who" }, h("span", { class: `swatch ${colourOf(each.model)}` }), h("strong", null, each.endpoint), h("span", { class: "muted" }, each.model), each.chosen && chip("chosen", "accent"), !each.has_free_slot && chip("full", "warn"),
      h("span", { class: "score" }, each.score === null ? "no score" : signed(each.score))),
    termBar(each, top),
    h("p", { class: "sum" }, h("span", null, `quality ${share(each.quality)} × in time ${share(t.p_slo)} = ${share(t.gain, 3)}`),
      h("span", null, `price ${share(each.price, 3)} × work ${seconds(each.work_s)} = ${share(t.price_work, 3)}`),
      (t.slowdown ?? 0) >= 0.0005 && h("span", null, `slows others ${share(t.slowdown, 3)}`),
      (t.switch ?? 0) > 0 && h("span", null, `moving ${share(t.switch, 3)}`)),
    h("p", { class: "sum muted" }, `first token ${seconds(each.ttft_s)}, per token ${seconds(each.tpot_s)}, about ${count(each.output_tokens)} tokens, in all ${seconds(each.e2e_s)}; ${each.in_flight} of ${each.slots} slots used${each.foreign_in_flight ? `, ${each.foreign_in_flight} by others` : ""}${each.cached_tokens ? `, ${count(each.cached_tokens)} prompt tokens cached` : ""}`),
    signals(each));
}

// What it would gain, with what it costs taken off its end; the line marks what is left.
function termBar(each, top) {
  const W = 600, t = each.terms, x = (value) => (Math.max(0, value) / top) * (W - 4);
  const gain = t.gain ?? 0, net = gain - losses(each);
  const parts = [["price_work", "cost", "price × work"], ["slowdown", "slow", "slows others"], ["switch", "move", "moving"]];
  let at = gain;
  const cuts = parts.flatMap(([name, kind, said]) => {
    const value = t[name] ?? 0;
    if (value <= 0) return [];
    const from = Math.max(0, at - value);
    const rect = s("rect", { x: x(from), y: 3, width: Math.max(0.5, x(at) - x(from)), height: 12, class: kind }, s("title", null, `${said} ${share(value, 3)}`));
    at = from;
    return [rect];
  });
  return s("svg", { class: "terms", viewBox: `0 0 ${W} 18`, preserveAspectRatio: "none", role: "img", "aria-label": `gain ${share(gain, 3)}, costs ${share(losses(each), 3)}, net ${signed(net)}` },
    s("rect", { x: 0, y: 3, width: W, height: 12, rx: 2, class: "base" }),
    s("rect", { x: 0, y: 3, width: x(gain), height: 12, rx: 2, class: "gain" }),
    cuts,
    s("line", { x1: x(net), x2: x(net), y1: 0, y2: 18, class: "net" }));
}

function signals(each) {
  const rows = Object.entries(each.signals).map(([name, signal]) => {
    const value = signal.value === null ? "absent" : name.endsWith("_bytes") ? bytes(signal.value) : name.endsWith("_ratio") ? percent(signal.value, 1) : count(signal.value);
    return h("tr", null, h("td", null, words(name)), h("td", { class: "num" }, value), h("td", { class: "num" }, signal.age_s === null ? "–" : seconds(signal.age_s)), h("td", { class: "muted" }, signal.source ?? "not polled"));
  });
  const shown = table(`Signals of ${each.endpoint}`, [["Signal"], ["Value", "num"], ["Age", "num"], ["Source"]]);
  add(shown.body, rows);
  return h("details", null, h("summary", null, "What its engine said"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `Signals of ${each.endpoint}` }, shown));
}

function dropped(step) {
  return h("div", { class: "dropped" }, h("h3", null, "Not considered"),
    h("ul", null, step.dropped.map((each) => h("li", null, chip(words(each.reason)), h("strong", null, ` ${each.endpoint} `), h("span", { class: "muted" }, each.sentence)))));
}

function attempts(found) {
  const chosen = found.decisions.flatMap((step) => step.candidates).filter((each) => each.chosen).at(-1);
  const shown = table("Attempts", [["Attempt"], ["Endpoint"], ["End"], ["Waited", "num"], ["First token", "num"], ["Per token", "num"], ["Tokens", "num"], ["In all", "num"]]);
  add(shown.body, found.attempts.map((each) => h("tr", null, h("td", null, each.attempt || "–"), h("td", null, each.endpoint ?? "–"), h("td", null, each.sentence),
    h("td", { class: "num" }, seconds(each.queue_wait_s)), h("td", { class: "num" }, seconds(each.ttft_s)), h("td", { class: "num" }, seconds(each.tpot_s)), h("td", { class: "num" }, count(each.output_tokens)), h("td", { class: "num" }, seconds(each.e2e_s)))));
  if (chosen) add(shown.body, h("tr", { class: "muted" }, h("td", null, ""), h("td", null, chosen.endpoint), h("td", null, "predicted"), h("td", { class: "num" }, ""), h("td", { class: "num" }, seconds(chosen.ttft_s)), h("td", { class: "num" }, seconds(chosen.tpot_s)), h("td", { class: "num" }, count(Math.round(chosen.output_tokens))), h("td", { class: "num" }, seconds(chosen.e2e_s))));
  return h("section", { class: "step" }, h("h3", null, "What came of it"), h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Attempts" }, shown));
}

function vote(found) {
  const said = h("span", { class: "muted", role: "status" });
  const box = h("p", { class: "row vote" }, "Was the answer good? ");
  const judge = async (thumbs) => {
    try {
      await send("/v1/feedback", { decision_id: found.query_id, thumbs });
      text(said, "Kept. The quality cells of its topic have moved.");
    } catch (error) { text(said, error.message); }
  };
  if (found.feedback) return replace(box, `Judged with ${share(found.feedback.score)}.`);
  return add(box, h("button", { type: "button", onclick: () => judge("up") }, "Good"), h("button", { type: "button", onclick: () => judge("down") }, "Bad"), said);
}
