-- Requests for wrk: every prompt is another one. MODEL names the model asked for; HEADER is a header
-- line more, where a gateway wants one.
local n = 0
local start = os.time() * 1000
local model = os.getenv("MODEL") or "auto"
local headers = {["content-type"] = "application/json"}
local name, value = string.match(os.getenv("HEADER") or "", "^([^:]+): (.*)$")
if name then headers[name] = value end
local words = {"alpha", "river", "stone", "python", "table", "engine", "green", "matrix",
               "orbit", "paper", "quick", "signal", "tower", "violet", "window", "yellow"}
function request()
  n = n + 1
  local text = {}
  for i = 1, 120 do text[i] = words[math.random(16)] end
  local body = '{"model":"' .. model .. '","messages":[{"role":"system","content":"You are helpful."},'
    .. '{"role":"user","content":"Question ' .. (start + n) .. ': ' .. table.concat(text, " ")
    .. '"}],"max_tokens":64}'
  return wrk.format("POST", "/v1/chat/completions", headers, body)
end
function done(summary, latency, requests)
  io.write(string.format('JSON {"requests":%d,"duration_us":%d,"non_2xx":%d,"errors":%d,"p50_ms":%.3f,"p99_ms":%.3f}\n',
    summary.requests, summary.duration, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
