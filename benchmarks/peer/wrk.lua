-- POSTs the lines of the file BODIES in turn to the path TARGET, and prints one line of JSON at the end.
local bodies = {}
for line in io.lines(os.getenv("BODIES")) do bodies[#bodies + 1] = line end
local turn = 0
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

function request()
  turn = turn % #bodies + 1
  return wrk.format("POST", os.getenv("TARGET"), nil, bodies[turn])
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('JSON{"n":%d,"us":%d,"p99":%f,"errors":%d}\n', summary.requests, summary.duration,
    latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
