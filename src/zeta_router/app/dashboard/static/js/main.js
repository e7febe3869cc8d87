// Joins the parts: the stream, the store, the navigation and the views.
import { key } from "./api.js";
import { attr, h, s, text } from "./dom.js";
import { drawer } from "./drawer.js";
import { seconds } from "./format.js";
import { Live } from "./live.js";
import { listen, loadPast, store, take } from "./store.js";
import { tiles } from "./tiles.js";
import { decisions } from "./views/decisions.js";
import { experiments } from "./views/experiments.js";
import { fleet } from "./views/fleet.js";
import { flow } from "./views/flow.js";
import { health } from "./views/health.js";
import { learning } from "./views/learning.js";
import { tryout } from "./views/tryout.js";

const VIEWS = [fleet, flow, decisions, learning, health, experiments, tryout];
const $ = (id) => document.getElementById(id);
const holder = $("views");
const made = new Map();
let current = null;

for (const view of VIEWS) {
  const link = h("a", { href: `#${view.id}`, id: `nav-${view.id}` }, s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, s("path", { d: view.icon })), view.title, h("span", { class: "count" }));
  $("nav").append(link);
}

function show(id) {
  const view = VIEWS.find((each) => each.id === id) ?? VIEWS[0];
  if (!made.has(view.id)) {
    const root = h("div", { class: `view ${view.id}`, id: `view-${view.id}` }, h("h1", { class: "hidden-text" }, view.title));
    holder.append(root);
    made.set(view.id, { root, update: view.mount(root) });
  }
  for (const [name, { root }] of made) root.hidden = name !== view.id;
  for (const each of VIEWS) attr($(`nav-${each.id}`), "aria-current", each === view ? "page" : null);
  $(`nav-${view.id}`).scrollIntoView({ block: "nearest", inline: "nearest" });
  if (current !== view) document.title = `${view.title} · Zeta router`;
  current = view;
  made.get(view.id).update("shown");
}

// A part of the address as it was meant; one that was cut within an escape stands as it is.
function plain(part) {
  try { return decodeURIComponent(part); } catch { return part; }
}

function route() {
  const [id, ...rest] = location.hash.slice(1).split("/");
  if (id === "main") return;
  show(id);
  if (id === "decisions" && rest.length) drawer.open(plain(rest.join("/")));
  else drawer.close();
}

const showTiles = tiles($("tiles"));
listen((what) => {
  showTiles();
  if (current) made.get(current.id).update(what);
  const state = store.state;
  if (!state) return;
  text($("policy"), state.policy);
  text($("about"), `v${state.version} · up ${seconds(state.uptime_s)}`);
  const ill = state.endpoints.filter((each) => each.state !== "up" || Object.values(each.condition).some((found) => found.state !== "healthy")).length;
  const mark = $("nav-health").querySelector(".count");
  text(mark, ill || "");
  attr(mark, "title", ill ? `${ill} endpoints need a look` : null);
});

const SAID = { open: "live", broken: "broken", paused: "paused", waiting: "connecting" };
let told = "";
const live = new Live(take, (state, why) => {
  attr($("live"), "data-state", state);
  text($("live-text"), SAID[state]);
  if (state === "open" && told !== "open") { $("banner").hidden = true; loadPast(); }
  if (state === "broken") {
    text($("banner-title"), "The live stream is broken.");
    const at = store.state ? `What you see is of ${new Date(store.state.wall_s * 1000).toLocaleTimeString()}.` : "Nothing has been received yet.";
    text($("banner-text"), `${why} ${at} It is tried again by itself.`);
    $("banner").hidden = false;
  }
  told = state;
});
$("banner-button").addEventListener("click", () => { live.tries = 0; live.open(); });

const themeButton = $("theme-button");
const themeSaid = () => text(themeButton, `Theme: ${window.zetaTheme.get()}`);
themeButton.addEventListener("click", () => { window.zetaTheme.next(); themeSaid(); });
themeSaid();

const keySaid = () => text($("key-button"), key.get() ? "Key set" : "Key");
$("key-button").addEventListener("click", () => { $("key-field").value = key.get(); $("key-dialog").showModal(); });
$("key-form").addEventListener("submit", (event) => {
  const how = event.submitter?.value ?? "keep";
  if (how === "keep") key.set($("key-field").value.trim());
  if (how === "clear") key.set("");
  $("key-field").value = "";
  keySaid();
  if (how !== "cancel") live.open();
});
keySaid();

addEventListener("hashchange", route);
route();
live.open();
