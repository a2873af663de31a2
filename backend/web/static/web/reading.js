// Asks the API to read a file. What comes back has the shape in which the page keeps documents:
//   {pages: [{number, width, height, lines: [Line]}], model, milliseconds, reply}
//   Line: {text, textAsRead, confidence, box: {left, top, right, bottom}, characters: [{text, confidence, box}] or null}
// Boxes are in pixels of the upright image, from its top left.

const ADDRESS = "/api/v1/ocr";
const RETRIES = 4;
const BUSY = [429, 503];

export class ReadingError extends Error {
  // code: the API's, or "network" or "unexpected"; status: of HTTP, 0 where none came
  constructor(code, message, status = 0) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

// Reads one file. `onBusy(seconds)` is called before each wait for a busy service. Throws ReadingError, or AbortError.
export async function read(file, { key = "", signal, onBusy }) {
  for (let attempt = 0; ; attempt++) {
    const response = await send(file, key, signal);
    if (!BUSY.includes(response.status) || attempt === RETRIES) return understood(response);
    const asked = Number(response.headers.get("Retry-After"));
    const seconds = Number.isFinite(asked) && asked > 0 ? Math.min(asked, 60) : 2 ** attempt;
    onBusy(Math.ceil(seconds));
    await pause(seconds * 1000, signal);
  }
}

async function send(file, key, signal) {
  const body = new FormData();
  body.append("files", file, file.name);
  body.append("detail", "characters");
  const headers = { Accept: "application/json", ...(key && { Authorization: `Bearer ${key}` }) };
  try {
    return await fetch(ADDRESS, { method: "POST", body, headers, signal, credentials: "omit", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ReadingError("network", error.message);
  }
}

async function understood(response) {
  let reply;
  try {
    reply = await response.json();
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ReadingError("unexpected", error.message, response.status);
  }
  if (!response.ok) {
    const { code = "unexpected", message = "" } = reply.error ?? {};
    throw new ReadingError(code, message, response.status);
  }
  const error = reply.results?.find((result) => result.error)?.error;
  if (error) throw new ReadingError(error.code, error.message, response.status);
  if (!reply.results?.length) throw new ReadingError("unexpected", "", response.status);
  return {
    pages: reply.results.map(pageOf),
    model: reply.model,
    milliseconds: reply.results.reduce((sum, result) => sum + result.milliseconds, 0),
    reply,
  };
}

function pageOf(result) {
  return { number: result.page, width: result.width_px, height: result.height_px, confidence: result.confidence, lines: result.lines.map(lineOf) };
}

function lineOf(line) {
  return {
    textAsRead: line.text_as_read,
    confidence: line.confidence,
    box: boxOf(line.bbox),
    characters: line.characters?.map((sign) => ({ text: sign.text, confidence: sign.confidence, box: boxOf(sign.bbox) })) ?? null,
  };
}

function boxOf([left, top, right, bottom]) {
  return { left, top, right, bottom };
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("", "AbortError"));
    });
  });
}
