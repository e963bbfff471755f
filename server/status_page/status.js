"use strict";
// Asks for status.json every second and shows it. Text goes in as text, never as markup.

const $ = (id) => document.getElementById(id);

function row(...cells) {
  const line = document.createElement("tr");
  for (const cell of cells) line.insertCell().append(cell);
  return line;
}

// "3 of 8" with a bar.
function part(value, whole) {
  const bar = document.createElement("progress");
  bar.value = value;
  bar.max = Math.max(whole, 1);
  const cell = document.createElement("span");
  cell.append(bar, ` ${value} of ${whole}`);
  return cell;
}

function showState(name, text) {
  $("state").className = name;
  $("state").textContent = text;
}

let seen = [];  // moments and pages read of the last while

function pagesAMinute(pages) {
  const now = performance.now() / 1000;
  seen.push([now, pages]);
  seen = seen.filter(([when]) => now - when < 60);
  const [first, before] = seen[0];
  return now > first ? (60 * (pages - before)) / (now - first) : 0;
}

function show({version, status}) {
  $("version").textContent = version;
  if (status.draining) showState("draining", "draining");
  else showState(status.ready ? "ready" : "", status.ready ? "ready" : "not ready");
  const pages = Number(status.pages_read);  // 64 bits come as text
  const counts = {
    "documents": status.documents,
    "pages waiting": status.pages_waiting,
    "pages being read": status.pages_reading,
    "pages read": pages,
    "pages failed": Number(status.pages_failed),
    "pages a minute": pagesAMinute(pages).toFixed(1),
  };
  $("counts").replaceChildren(...Object.entries(counts).map(([name, value]) => {
    const group = document.createElement("div");
    const term = document.createElement("dt"), number = document.createElement("dd");
    term.textContent = name;
    number.textContent = value;
    group.append(term, number);
    return group;
  }));
  $("workers").replaceChildren(...status.workers.map((worker) => row(
    worker.id, worker.state.replace("WORKER_STATE_", "").toLowerCase(), worker.model, worker.device,
    part(worker.slots_used, worker.slots), `${Math.round(Number(worker.resident_bytes) / 1e6)} MB`,
    worker.restarts, worker.last_error)));
  $("documents").replaceChildren(...status.open_documents.map((open) => row(
    open.document_id, open.pages || "being received",
    open.pages ? part(open.pages_done, open.pages) : "", `${Math.round(open.age_seconds)} s`)));
}

async function look() {
  try {
    const answer = await fetch("status.json", {cache: "no-store"});
    if (!answer.ok) throw new Error(await answer.text());
    show(await answer.json());
  } catch (error) {
    showState("away", `no answer: ${error.message}`);
  }
  setTimeout(look, 1000);
}

look();
