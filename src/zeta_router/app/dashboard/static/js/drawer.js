// A decision in full, in a drawer over the view: opened by its address, closed with Escape.
import { get } from "./api.js";
import { add, h, replace, text } from "./dom.js";
import { explanation } from "./explain.js";

const $ = (id) => document.getElementById(id);
let showing = null;

const isOver = (found) => found.outcome || found.decisions.at(-1).verdict === "reject";

async function load(id) {
  const body = $("drawer-body");
  try {
    const found = await get(`/zeta/decisions/${encodeURIComponent(id)}`);
    if (showing === id) replace(body, explanation(found, { votes: true }));
    return found;
  } catch (error) {
    if (showing === id) replace(body, h("p", { class: "empty" }, `The decision cannot be shown: ${error.message}`));
    return null;
  }
}

export const drawer = {
  async open(id) {
    showing = id;
    text($("drawer-title"), "Decision");
    add($("drawer-title"), " ", h("code", null, id));
    replace($("drawer-body"), h("p", { class: "muted" }, "Loading …"));
    if (!$("drawer").open) $("drawer").showModal();
    let found = await load(id);
    for (let tries = 0; found && !isOver(found) && showing === id && tries < 30; tries += 1) {
      await new Promise((done) => setTimeout(done, 1500));
      if (showing === id) found = await load(id);
    }
  },
  close() {
    showing = null;
    if ($("drawer").open) $("drawer").close();
  },
};

$("drawer-close").addEventListener("click", () => $("drawer").close());
$("drawer").addEventListener("click", (event) => { if (event.target === $("drawer")) $("drawer").close(); });
$("drawer").addEventListener("close", () => {
  showing = null;
  if (location.hash.startsWith("#decisions/")) history.replaceState(null, "", "#decisions");
});
