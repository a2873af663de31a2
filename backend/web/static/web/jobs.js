// Long documents: sent to the API as jobs, asked after until they are finished, and known again when the page is loaded again.

import { answer, documentOf, pagesOf, pause, reading, secondsOf, send } from "./reading.js";

const JOBS = "/api/v1/jobs";
const PATIENCE_S = 10; // no room for another job: that lasts too long to wait for, with the file to be sent again
const STORED = "rasm-jobs"; // in the tab's own storage, so that whoever comes next to the machine does not find them

// All jobs are named by their ids; what the API says of one is {id, state, pages, pages_done, error, …}. `ask` is as in reading.js, with the `language` to write in.

export async function submit(file, how, ask) {
  return answer(await send("POST", JOBS, { ...ask, fields: { files: file, ...how }, patience: PATIENCE_S }));
}

// Asks until the job is finished, and gives it as it is then; `onStep` is told of each answer, and waited for. A service that does not answer is
// asked again and again: the job goes on there.
export async function follow(id, ask, onStep) {
  for (;;) {
    const response = await send("GET", `${JOBS}/${id}`, { ...ask, persistent: true });
    const job = await answer(response);
    ask.signal.throwIfAborted();
    await onStep(job);
    if (!["queued", "running"].includes(job.state)) return job;
    await pause(secondsOf(response), ask.signal);
  }
}

// The next pages after so many, as far as they have been read.
export async function pagesAfter(id, after, detail, ask) {
  return pagesOf(await send("GET", `${JOBS}/${id}/pages?after=${after}&detail=${detail}&language=${ask.language}`, { ...ask, persistent: true }));
}

export async function result(id, detail, ask) {
  return reading(await send("GET", `${JOBS}/${id}/result?detail=${detail}&language=${ask.language}`, { ...ask, persistent: true }));
}

// A searchable PDF is written when it is first asked for: until then the status is 202.
export async function convert(id, how, ask) {
  for (;;) {
    const response = await send("GET", `${JOBS}/${id}/result?${new URLSearchParams(how)}`, ask);
    if (response.status !== 202) return documentOf(response);
    await pause(secondsOf(response), ask.signal);
  }
}

export async function picture(id, page, whole, ask) {
  const { blob } = await documentOf(await send("GET", `${JOBS}/${id}/picture?page=${page}${whole ? "&whole=true" : ""}`, ask));
  return blob;
}

// Cancels a job, or takes a finished one away. Whoever leaves the page does not stop this.
export async function discard(id, ask) {
  await send("DELETE", `${JOBS}/${id}`, { ...ask, persistent: true, keepalive: true });
}

// What is to be known when the page is loaded again: [{id, name}].
export function store(jobs) {
  try {
    sessionStorage.setItem(STORED, JSON.stringify(jobs));
  } catch {
    // the browser keeps nothing for this page
  }
}

export function stored() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED)) ?? [];
  } catch {
    return [];
  }
}
