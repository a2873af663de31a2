// What survives a reload: documents that a person has corrected, in the browser's own database. Each tab sees its own alone, as it does of
// jobs; what is a day old is taken away when any tab loads the page.
// A record: {id, tab, when, name, job, file, how, model, milliseconds, results, corrections}; of a job's document the service has the
// file and the results, and they are null.

const DAY_MS = 86_400_000;
const TAB = "rasm-tab"; // in the tab's own storage

let opened = null;

function tab() {
  try {
    if (!sessionStorage.getItem(TAB)) sessionStorage.setItem(TAB, crypto.getRandomValues(new Uint32Array(4)).join("-"));
    return sessionStorage.getItem(TAB);
  } catch {
    return null; // the browser keeps nothing for this page
  }
}

function database() {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open("rasm", 1);
    request.onupgradeneeded = () => request.result.createObjectStore("documents", { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function ask(mode, question) {
  const transaction = (await database()).transaction("documents", mode);
  const request = question(transaction.objectStore("documents"));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onerror = transaction.onabort = () => reject(transaction.error);
  });
}

// Whether it could be kept.
export async function keep(record) {
  try {
    if (!tab()) return false;
    await ask("readwrite", (records) => records.put({ ...record, tab: tab(), when: Date.now() }));
    return true;
  } catch {
    return false;
  }
}

export async function forget(id) {
  try {
    await ask("readwrite", (records) => records.delete(id));
  } catch {
    // then there is nothing to forget
  }
}

// Those of this tab, in the order in which they came.
export async function kept() {
  try {
    const all = await ask("readonly", (records) => records.getAll());
    await Promise.all(all.filter((record) => Date.now() - record.when > DAY_MS).map((record) => forget(record.id)));
    return all.filter((record) => record.tab === tab() && Date.now() - record.when <= DAY_MS).sort((a, b) => (a.id < b.id ? -1 : 1));
  } catch {
    return [];
  }
}
