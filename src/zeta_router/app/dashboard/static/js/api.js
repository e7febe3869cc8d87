// Everything that is asked of the gateway goes through here: one place for the key and for errors.
const KEY = "zeta-key";

export const key = {
  get() { try { return sessionStorage.getItem(KEY) ?? ""; } catch { return ""; } },
  set(value) { try { if (value) sessionStorage.setItem(KEY, value); else sessionStorage.removeItem(KEY); } catch { /* kept nowhere */ } },
};

export function headers(more = {}) {
  const held = key.get();
  return { "x-zeta-dashboard": "1", ...(held ? { authorization: `Bearer ${held}` } : {}), ...more };
}

export class Problem extends Error {
  constructor(status, said) {
    super(said);
    this.status = status;
  }
}

async function problem(response) {
  let said = `${response.status} ${response.statusText}`;
  try { said = (await response.json()).error.message; } catch { /* not in the usual shape */ }
  if (response.status === 401 || response.status === 403) said += " (a key can be set at the top of the page)";
  return new Problem(response.status, said);
}

export async function get(path) {
  const response = await fetch(path, { headers: headers(), cache: "no-store" });
  if (!response.ok) throw await problem(response);
  return response.json();
}

export async function send(path, body, options = {}) {
  const response = await fetch(path, {
    method: "POST",
    headers: headers({ "content-type": "application/json", ...(options.headers ?? {}) }),
    body: JSON.stringify(body),
    signal: options.signal,
  });
  if (!response.ok) throw await problem(response);
  return response;
}

// Events of a stream as [kind, data]; the data is text.
export async function* events(response) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    rest += value;
    const whole = rest.split(/\r?\n\r?\n/);
    rest = whole.pop();
    for (const part of whole) {
      let kind = "message";
      const lines = [];
      for (const line of part.split(/\r?\n/)) {
        if (line.startsWith("event:")) kind = line.slice(6).trim();
        else if (line.startsWith("data:")) lines.push(line.slice(5).trimStart());
      }
      if (lines.length) yield [kind, lines.join("\n")];
    }
  }
}
