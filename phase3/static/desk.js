"use strict";
// Steps, new batches and uploads (tus 1.0) of the pages of providers and archivists.

const PIECE = 16 * 1024 * 1024;
const message = document.getElementById("message");

function tell(text) {
  if (message) message.textContent = text; else alert(text);
}

async function faultOf(response) {
  try {
    return (await response.json()).message;
  } catch {
    return `the server answered ${response.status}`;
  }
}

document.querySelectorAll("button[data-post]").forEach((button) => button.addEventListener("click", async () => {
  const step = button.dataset.step;
  const body = step ? { step, reason: document.getElementById("reason").value } : {};
  button.disabled = true;
  const response = await fetch(button.dataset.post, {
    method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify(body),
  });
  button.disabled = false;
  if (!response.ok) return tell(await faultOf(response));
  const place = response.headers.get("Location");
  if (place) location.assign(place); else location.reload();
}));

// While a job takes a step, the page is looked at again.
if (document.getElementById("going")) setTimeout(() => location.reload(), 2000);

const TUS = { "Tus-Resumable": "1.0.0" };

// An upload that was interrupted in this browser goes on where it was, with the same file.
async function place(url, file) {
  const key = `upload ${url} ${file.name} ${file.size} ${file.lastModified}`;
  const known = localStorage.getItem(key);
  if (known) {
    const response = await fetch(known, { method: "HEAD", headers: TUS });
    const there = Number(response.headers.get("Upload-Offset"));
    const isSame = response.ok && Number(response.headers.get("Upload-Length")) === file.size;
    if (isSame && there < file.size) return { key, address: known, offset: there };
  }
  const address = await begin(url, file);
  localStorage.setItem(key, address);
  return { key, address, offset: 0 };
}

async function begin(url, file) {
  const name = btoa(String.fromCodePoint(...new TextEncoder().encode(file.name)));
  const response = await fetch(url, {
    method: "POST", headers: { ...TUS, "Upload-Length": String(file.size), "Upload-Metadata": `filename ${name}` },
  });
  if (!response.ok) throw new Error(await faultOf(response));
  return response.headers.get("Location");
}

async function send(upload, file, say) {
  let offset = upload.offset;
  while (offset < file.size) {
    const response = await fetch(upload.address, {
      method: "PATCH",
      headers: { ...TUS, "Upload-Offset": String(offset), "Content-Type": "application/offset+octet-stream" },
      body: file.slice(offset, offset + PIECE),
    });
    if (!response.ok) throw new Error(await faultOf(response));
    offset = Number(response.headers.get("Upload-Offset"));
    say(offset);
  }
  localStorage.removeItem(upload.key);
}

const chosen = document.getElementById("files");
if (chosen) chosen.addEventListener("change", async () => {
  const bar = document.getElementById("progress");
  const total = [...chosen.files].reduce((sum, file) => sum + file.size, 0);
  let before = 0;
  bar.hidden = false;
  try {
    for (const file of chosen.files) {
      await send(await place(chosen.dataset.uploads, file), file, (done) => { bar.value = total ? (before + done) / total : 1; });
      before += file.size;
    }
    location.reload();
  } catch (exc) {
    chosen.value = "";
    tell(exc.message);
  }
});

const amendments = document.getElementById("amendments");
if (amendments) amendments.addEventListener("change", async () => {
  const response = await fetch(amendments.dataset.post, {
    method: "POST", headers: { "Content-Type": "text/csv" }, body: amendments.files[0],
  });
  amendments.value = "";  // or the same file, mended, could not be chosen again
  if (!response.ok) return tell(await faultOf(response));
  location.reload();
});

// Deprecations are a job, whose end is waited for.
const form = document.getElementById("deprecate");
if (form) form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const dp_ids = form.elements.dp_ids.value.split(/\s+/).filter(Boolean);
  const body = { dp_ids, reason: form.elements.reason.value, undo: event.submitter.value === "undo" };
  const response = await fetch(form.dataset.post, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body),
  });
  if (!response.ok) return tell(await faultOf(response));
  const place = response.headers.get("Location");
  for (;;) {
    const job = await (await fetch(place)).json();
    tell(job.error || `${job.step}: ${job.phase}`);
    if (!job.going) return;
    await new Promise((done) => setTimeout(done, 500));
  }
});
