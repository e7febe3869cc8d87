// Try a query: what would be decided, then what was, with the answer as it comes.
import { events, get, send } from "../api.js";
import { add, h, panel, replace, text } from "../dom.js";
import { explanation } from "../explain.js";
import { seconds } from "../format.js";
import { store } from "../store.js";

export const tryout = { id: "try", title: "Try a query", icon: "M3 3l10 5-10 5 2-5z", mount };

const EXAMPLES = ["What is the capital of Portugal?", "Write a Python function that merges two sorted lists", "Prove that the square root of 2 is irrational"];

function mount(root) {
  const prompt = h("textarea", { id: "try-prompt", rows: 5, required: true, spellcheck: "false" }, EXAMPLES[1]);
  const model = h("select", { id: "try-model" }, h("option", { value: "auto" }, "auto"));
  const lane = h("select", { id: "try-lane" }, ["normal", "interactive", "batch"].map((name) => h("option", { value: name }, name)));
  const most = h("input", { id: "try-tokens", type: "number", min: 1, max: 4096, value: 200 });
  const ask = h("button", { type: "button" }, "Show the decision"), go = h("button", { type: "submit", class: "main" }, "Send it"), stop = h("button", { type: "button", class: "quiet", disabled: true }, "Stop");
  const said = h("p", { class: "muted", role: "status" }, "“Show the decision” sends nothing to any engine.");
  const field = (name, control) => h("div", { class: "field" }, h("label", { for: control.id }, name), control);
  const form = h("form", { class: "try-form" }, field("Prompt", prompt),
    h("div", { class: "row examples" }, h("span", { class: "muted" }, "Examples:"), EXAMPLES.map((each) => h("button", { type: "button", class: "quiet", onclick: () => { prompt.value = each; } }, each))),
    h("div", { class: "fields" }, field("Model", model), field("Lane", lane), field("Most tokens", most)),
    h("div", { class: "row" }, ask, go, stop), said);
  const box = panel("Ask something", "");
  box.append(form);
  const before = panel("What would be decided", "a dry run against the fleet of this moment");
  const beforeBody = h("div", null, h("p", { class: "empty" }, "Nothing asked yet."));
  before.append(beforeBody);
  const after = panel("The answer", "");
  const answer = h("pre", { class: "answer", tabindex: "0", "aria-label": "Answer", "aria-live": "off" }), afterBody = h("div", null, h("p", { class: "empty" }, "Nothing sent yet."));
  after.append(answer, afterBody);
  answer.hidden = true;
  root.append(box, h("div", { class: "pair" }, before, after));

  let abort = null;
  const body = () => {
    const chosen = model.value, embeds = store.state?.fleet.models[chosen]?.embedding_space;
    if (embeds) return { path: "/v1/embeddings", body: { model: chosen, input: prompt.value } };
    return { path: "/v1/chat/completions", body: { model: chosen, messages: [{ role: "user", content: prompt.value }], max_tokens: Number(most.value) || 200, stream: true } };
  };
  const lanes = () => ({ headers: { "x-zeta-priority": lane.value } });

  async function dryRun() {
    const asked = body().body;
    delete asked.stream;
    const found = await (await send("/v1/route", asked, lanes())).json();
    replace(beforeBody, explanation(found));
  }

  ask.addEventListener("click", async () => {
    try { await dryRun(); text(said, "Decided, not sent."); } catch (error) { text(said, error.message); }
  });
  stop.addEventListener("click", () => abort?.abort());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { path, body: asked } = body();
    const started = performance.now();
    abort = new AbortController();
    go.disabled = true; stop.disabled = false; answer.hidden = false;
    replace(answer); replace(afterBody); text(said, "Sending …");
    let id = null;
    try {
      await dryRun();
      const response = await send(path, asked, { ...lanes(), signal: abort.signal });
      id = response.headers.get("x-zeta-decision-id");
      text(said, `Answered by ${response.headers.get("x-zeta-endpoint")} (${response.headers.get("x-zeta-model")}).`);
      await read(response, asked, answer);
      text(said, `${said.textContent} Complete after ${seconds((performance.now() - started) / 1000)}.`);
    } catch (error) { text(said, abort.signal.aborted ? "Stopped." : error.message); }
    go.disabled = false; stop.disabled = true;
    if (id) await shown(id, afterBody);
  });

  return async (what) => {
    if (what !== "shown") return;
    try {
      const { data } = await get("/v1/models");
      const kept = model.value;
      model.replaceChildren(...data.map((each) => h("option", { value: each.id }, each.id)));
      if (data.some((each) => each.id === kept)) model.value = kept;
    } catch { /* the list stays as it is */ }
  };
}

async function read(response, asked, answer) {
  if (!asked.stream) return add(answer, JSON.stringify(await response.json(), null, 1).slice(0, 2000));
  for await (const [, data] of events(response)) {
    if (data === "[DONE]") break;
    const part = JSON.parse(data);
    if (part.error) throw new Error(part.error.message);
    const delta = part.choices?.[0]?.delta ?? {};
    add(answer, delta.content ?? delta.reasoning_content ?? "");
  }
  return answer;
}

async function shown(id, body) {
  for (let tries = 0; tries < 10; tries += 1) {
    const found = await get(`/zeta/decisions/${encodeURIComponent(id)}`).catch(() => null);
    if (found) replace(body, explanation(found, { votes: true }), h("p", null, h("a", { href: `#decisions/${encodeURIComponent(id)}` }, "Open it beside the others")));
    if (found?.outcome) return;
    await new Promise((done) => setTimeout(done, 300));
  }
}
