// The four axes of an endpoint: a mark each, told apart by shape and letter as well as by colour.
import { attr, h, s, text } from "../dom.js";
import { words } from "../format.js";

const NAMES = ["liveness", "latency", "quality", "memory"];
const SHAPES = {
  healthy: "M3.5 8.5l3 3 6-7",
  suspect: "M8 3.5v5.5M8 12.2v.3",
  degraded: "M8 3v10M4 9.5L8 13.5l4-4",
  ejected: "M4 4l8 8M12 4l-8 8",
  probing: "M6 6a2 2 0 1 1 2.6 2c-.5.3-.6.6-.6 1.2M8 12.3v.2",
};
export const TONES = { healthy: "ok", suspect: "warn", degraded: "bad", ejected: "bad", probing: "warn" };

export function axes() {
  const marks = NAMES.map((name) => {
    const path = s("path");
    const said = h("span", { class: "hidden-text" });
    return { name, path, said, node: h("li", null, s("svg", { viewBox: "0 0 16 16", "aria-hidden": "true" }, path), h("span", { "aria-hidden": "true" }, name.slice(0, 3)), said) };
  });
  const node = h("ul", { class: "axes" }, marks.map((each) => each.node));
  node.show = (condition) => {
    for (const each of marks) {
      const found = condition[each.name];
      if (!found) continue;
      attr(each.node, "data-tone", TONES[found.state] ?? "off");
      attr(each.path, "d", SHAPES[found.state] ?? "M4 8h8");
      text(each.said, `${each.name} ${words(found.state)}`);
      attr(each.node, "title", `${each.name}: ${found.state}${found.text ? `. ${found.text}` : ""}`);
    }
  };
  return node;
}
