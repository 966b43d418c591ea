// Runs the query of the page against the archive's own TAP service and shows the answer.
const form = document.getElementById("ask");
const query = document.getElementById("query");
const answer = document.getElementById("answer");
const link = document.getElementById("link");

// Each example has an address of its own: /#cone runs the query "cone".
function runExample(id) {
  const button = document.querySelector(`button[data-example="${CSS.escape(id)}"]`);
  if (!button) return;
  query.value = button.dataset.query;
  form.requestSubmit();
}

for (const button of document.querySelectorAll("button[data-example]")) {
  button.addEventListener("click", () => {
    history.replaceState(null, "", `#${button.dataset.example}`);
    runExample(button.dataset.example);
  });
}

function parameters(format) {
  return new URLSearchParams({ LANG: "ADQL", QUERY: query.value, MAXREC: "100", RESPONSEFORMAT: format });
}

function message(text) {
  // An error is a VOTable whose QUERY_STATUS says what is wrong (DALI 1.1, Error Documents).
  const document_ = new DOMParser().parseFromString(text, "application/xml");
  const info = [...document_.getElementsByTagName("INFO")].find((i) => i.getAttribute("name") === "QUERY_STATUS");
  return info ? info.textContent.trim() : "The server gave an answer that is not a VOTable.";
}

function show(className, node) {
  answer.className = className;
  answer.replaceChildren(node);
}

// What the query will give and cost, before it runs.
document.getElementById("explain").addEventListener("click", async () => {
  show("wait", document.createTextNode("Asking …"));
  const response = await fetch(form.action.replace(/sync$/, "explain"), { method: "POST", body: parameters("html") });
  const box = document.createDocumentFragment();
  const line = (tag, text) => {
    const element = document.createElement(tag);
    element.textContent = text;
    box.append(element);
  };
  if (!response.ok) {
    line("pre", message(await response.text()));
    show("error", box);
    return;
  }
  const advice = await response.json();
  line("p", `About ${advice.rows.toLocaleString("en")} rows; cost ${Math.round(advice.cost).toLocaleString("en")}.`);
  for (const table of advice.tables) {
    const way = table.uses_index ? "looked up in an index" : "read row by row";
    line("p", `${table.table}, ${table.rows.toLocaleString("en")} rows: ${way}.`);
  }
  for (const hint of advice.hints) line("p", `Hint: ${hint}.`);
  show("rows", box);
});

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  show("wait", document.createTextNode("Asking …"));
  const start = performance.now();
  try {
    const response = await fetch(form.action, { method: "POST", body: parameters("html") });
    const text = await response.text();
    if (!response.ok) {
      const pre = document.createElement("pre");
      pre.textContent = message(text);
      show("error", pre);
      return;
    }
    const page = new DOMParser().parseFromString(text, "text/html");
    const table = page.querySelector("table");
    const caption = document.createElement("p");
    caption.textContent = `${table.tBodies[0]?.rows.length ?? 0} rows shown, ${Math.round(performance.now() - start)} ms`;
    const box = document.createDocumentFragment();
    box.append(caption, document.importNode(table, true));
    show("rows", box);
    link.href = `${form.action}?${parameters("votable")}`;
    link.hidden = false;
  } catch (error) {
    show("error", document.createTextNode(`The archive does not answer: ${error.message}`));
  }
});

addEventListener("hashchange", () => runExample(location.hash.slice(1)));
runExample(location.hash.slice(1));
