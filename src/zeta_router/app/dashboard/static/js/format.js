// Numbers for people. What nobody measured is a dash, never 0.
export const NONE = "–";
const missing = (value) => value === null || value === undefined || Number.isNaN(value);

export function seconds(value) {
  if (missing(value)) return NONE;
  if (value < 0.0005) return "0 ms";
  if (value < 0.0995) return `${(value * 1000).toFixed(value < 0.00995 ? 1 : 0)} ms`;
  if (value < 0.9995) return `${(value * 1000).toFixed(0)} ms`;
  if (value < 99.5) return `${value.toFixed(value < 9.95 ? 2 : 1)} s`;
  if (value < 5400) return `${(value / 60).toFixed(value < 594 ? 1 : 0)} min`;
  return value < 172800 ? `${(value / 3600).toFixed(1)} h` : `${(value / 86400).toFixed(0)} d`;
}

export function count(value) {
  if (missing(value)) return NONE;
  if (Math.abs(value) >= 1e6) return `${(value / 1e6).toFixed(1)}M`;
  if (Math.abs(value) >= 1e4) return `${(value / 1e3).toFixed(1)}k`;
  return Number.isInteger(value) ? String(value) : value.toFixed(value < 10 ? 1 : 0);
}

export function bytes(value) {
  if (missing(value)) return NONE;
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  if (size >= 1e9) return `${sign}${(size / 1e9).toFixed(1)} GB`;
  return `${sign}${(size / 1e6).toFixed(size < 1e7 ? 1 : 0)} MB`;
}

export const percent = (value, digits = 0) => (missing(value) ? NONE : `${(100 * value).toFixed(digits)} %`);

// A share of 0..1 without its leading zero, as quality is written everywhere.
export function share(value, digits = 2) {
  if (missing(value)) return NONE;
  const said = Math.abs(value).toFixed(digits).replace(/^0\./, ".");
  return value < 0 && Number(said) !== 0 ? `−${said}` : said;
}

export const signed = (value, digits = 3) => (missing(value) ? NONE : `${value < 0 ? "−" : "+"}${share(Math.abs(value), digits)}`);

export function ago(delta_s) {
  if (missing(delta_s)) return NONE;
  if (delta_s < 1) return "now";
  if (delta_s < 90) return `${Math.round(delta_s)} s ago`;
  if (delta_s < 5400) return `${Math.round(delta_s / 60)} min ago`;
  return `${Math.round(delta_s / 3600)} h ago`;
}

export const day = (wall_s) => (missing(wall_s) ? NONE : new Date(wall_s * 1000).toLocaleString([], { dateStyle: "medium", timeStyle: "short" }));
export const clock = (wall_s) => (missing(wall_s) ? NONE : new Date(wall_s * 1000).toLocaleTimeString([], { hour12: false }));
export const words = (name) => String(name).replaceAll("_", " ");
