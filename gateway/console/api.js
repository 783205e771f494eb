// The admin API: one way to ask, one way to listen. The token lives as long as the tab.

const KEY = "ocpp-gateway.token";
const API = "api/v1";
// The gateway says something every 10 seconds.
const MUTE_MS = 25000;

/** What the API answers when it does not do what it was asked (RFC 9457). */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ? `${body.title}: ${body.detail}` : body.title);
    this.status = status;
    this.body = body;
  }
}

let wanted = () => Promise.reject(new Problem(401, { title: "a bearer token is needed" }));
let asking = null;

/** What asks a person for the token; gives a promise of it. */
export function onTokenWanted(ask) {
  wanted = ask;
}

export const hasToken = () => sessionStorage.getItem(KEY) !== null;

export function signOut() {
  sessionStorage.removeItem(KEY);
  location.reload();
}

async function request(method, path, body, signal) {
  const used = sessionStorage.getItem(KEY);
  const headers = used === null ? {} : { Authorization: `Bearer ${used}` };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(API + path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "the gateway does not answer" });
  }
  if (answer.status !== 401) return answer;
  // All that wait for a token wait for the same question.
  if (sessionStorage.getItem(KEY) === used) {
    sessionStorage.removeItem(KEY);
    asking ??= wanted(used !== null).finally(() => { asking = null; });
    sessionStorage.setItem(KEY, await asking);
  }
  return request(method, path, body, signal);
}

async function problem(answer) {
  let body;
  try {
    body = await answer.json();
  } catch {
    body = {};
  }
  return new Problem(answer.status, { title: `the gateway answered ${answer.status}`, ...body });
}

/** The JSON that comes back. Throws Problem. */
export async function ask(method, path, body, signal) {
  const answer = await request(method, path, body, signal);
  if (!answer.ok) throw await problem(answer);
  return answer.json();
}

export const get = (path, signal) => ask("GET", path, undefined, signal);

/** `read`, never twice at once. Wanted while one is under way, it is done once more: the answer that is still to come may be
 * older than the change that wanted it. Gives a promise of the last one. */
export function latest(read) {
  let under = null;
  let again = false;
  return () => {
    again = true;
    under ??= (async () => {
      try {
        while (again) {
          again = false;
          await read();
        }
      } finally {
        under = null;
      }
    })();
    return under;
  };
}

/** Server-sent events by fetch, which can send the token. `heard(name, data)`; `state(text)`: "live", or why not. It is
 * taken up again until `signal` aborts. */
export async function listen(path, heard, state, signal) {
  let pause = 500;
  while (!signal.aborted) {
    try {
      const mute = new AbortController();
      const answer = await request("GET", path, undefined, AbortSignal.any([signal, mute.signal]));
      if (!answer.ok) throw await problem(answer);
      state("live");
      pause = 500;
      await read(answer.body, heard, mute);
      state("the gateway ended the stream");
    } catch (error) {
      if (signal.aborted) return;
      state(error instanceof Problem ? error.message : "the connection is lost");
    }
    await new Promise((done) => setTimeout(done, pause));
    pause = Math.min(2 * pause, 8000);
  }
}

/** `mute` is aborted when nothing comes for longer than the gateway ever stays silent. */
async function read(body, heard, mute) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const patience = setTimeout(() => mute.abort(), MUTE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(patience));
    if (done) return;
    const blocks = (rest + value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const name = lines.find((line) => line.startsWith("event: "));
      const data = lines.find((line) => line.startsWith("data: "));
      if (name && data) heard(name.slice(7), JSON.parse(data.slice(6)));
    }
  }
}
