/** Calls of the API, always at `/api` of the page's own origin: an answer, or a `Problem` that says why there is none. */

export const ROOT = "/api";
export const TIMEOUT_MS = 30_000;

/**
 * An answer.
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {any} body parsed where it is JSON, else the text
 * @property {number} roundTripMs from the request's start to the body's last byte
 * @property {number} bytes of the body, before compression
 */

/**
 * The calls that sections make.
 * @typedef {object} Api
 * @property {(path: string, options?: Options) => Promise<Answer>} get
 * @property {(path: string, body: unknown, options?: Options) => Promise<Answer>} post
 * @property {(path: string, options?: Options) => Promise<Answer>} remove
 */

/**
 * @typedef {object} Options
 * @property {Record<string, string | number | null | undefined>} [query] what is null, undefined or "" is left out
 * @property {Record<string, string>} [headers]
 * @property {AbortSignal} [signal] ends the call: its promise is rejected with an AbortError, which no one shows
 * @property {number} [timeoutMs]
 * @property {boolean} [isUncached] asks past the browser's cache, to measure
 */

/** A call that failed: what the API answered with (RFC 9457), or `status` 0 where it did not answer. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{kind?: string, title?: string, detail?: string, errors?: {field: string, got: string, allowed: string}[],
   *   instance?: string, isOfGateway?: boolean, retryAfterS?: number | null}} told
   */
  constructor(status, { kind = "", title = "", detail = "", errors = [], instance = "", isOfGateway = false, retryAfterS = null }) {
    super(detail || title);
    this.name = "Problem";
    this.status = status;
    /** The last part of the problem's type: `not-there-yet`; "" where the API itself did not answer. */
    this.kind = kind;
    this.title = title;
    this.detail = detail;
    this.errors = errors;
    this.instance = instance;
    /** Said by the gateway, in its own short JSON: not by a function, nor by a firewall before them. */
    this.isOfGateway = isOfGateway;
    this.retryAfterS = retryAfterS;
  }

  /** The gateway lets nobody in without a session. A 403 of the API's own (jobs are off), or of a firewall, is another. */
  get isNobody() {
    return this.status === 401 || (this.status === 403 && this.isOfGateway);
  }
}

/**
 * Make the calls.
 * @param {{onNobody?: (problem: Problem) => Promise<Problem>}} [hooks] `onNobody` hears of each read that needs a session,
 *   and returns what to say of it
 * @returns {Api}
 */
export function makeApi({ onNobody = async (problem) => problem } = {}) {
  const call = async (method, path, body, options = {}) => {
    try {
      return await ask(method, path, body, options);
    } catch (error) {
      // What a page reads is what a session opens; whoever may not write is let in all the same.
      if (method === "GET" && error instanceof Problem && error.isNobody) throw await onNobody(error);
      throw error;
    }
  };
  return {
    get: (path, options) => call("GET", path, undefined, options),
    post: (path, body, options) => call("POST", path, body, options),
    remove: (path, options) => call("DELETE", path, undefined, options),
  };
}

/**
 * Return the address of a path with a query.
 * @param {string} path of the API, as its description names it: `/sqlite-efs`
 * @param {Options["query"]} [query]
 */
export function addressOf(path, query = {}) {
  const given = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return ROOT + path + (text && `?${text}`);
}

async function ask(method, path, body, { query, headers = {}, signal, timeoutMs = TIMEOUT_MS, isUncached = false }) {
  signal?.throwIfAborted();
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new DOMException("too late", "TimeoutError")), timeoutMs);
  signal?.addEventListener("abort", abort, { once: true });
  const started = performance.now();
  try {
    const response = await fetch(addressOf(path, query), {
      method,
      headers: { ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: isUncached ? "no-store" : "default",
      credentials: "same-origin",
      signal: controller.signal,
    });
    const text = await response.text();
    return answerOf(response, text, performance.now() - started);
  } catch (error) {
    throw unanswered(error, signal, timeoutMs);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

function answerOf(response, text, roundTripMs) {
  const body = parsed(response, text);
  if (!response.ok) throw problemOf(response, body);
  const bytes = new TextEncoder().encode(text).length;
  return { status: response.status, headers: response.headers, body, roundTripMs, bytes };
}

function parsed(response, text) {
  if (!/\bjson\b/.test(response.headers.get("content-type") ?? "") || text === "") return text;
  try {
    return JSON.parse(text, exactly);
  } catch {
    throw new Problem(response.status, { title: "Answer cut short", detail: "The answer is no complete JSON." });
  }
}

/** Keep integers of 64 bits as they are: a double holds those of 53 only. */
function exactly(_, value, context) {
  const isLost = typeof value === "number" && Number.isInteger(value) && !Number.isSafeInteger(value);
  return isLost && /^-?\d+$/.test(context?.source ?? "") ? BigInt(context.source) : value;
}

/** Return a value as JSON, with the integers of 64 bits that an answer had. @param {unknown} value */
export function jsonOf(value) {
  // A browser that has made a BigInt here has rawJSON: both are of one proposal.
  return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? JSON.rawJSON(String(one)) : one));
}

function problemOf(response, body) {
  const isOfGateway = (response.headers.get("content-type") ?? "").startsWith("application/json");
  const told = typeof body === "object" && body !== null ? body : {};
  const wait = Number.parseInt(response.headers.get("retry-after") ?? "", 10);
  return new Problem(response.status, {
    kind: String(told.type ?? "").split(":").at(-1),
    title: told.title ?? `Status ${response.status}`,
    detail: told.detail ?? told.message ?? "It does not say why.",
    errors: told.errors ?? [],
    instance: told.instance ?? response.headers.get("apigw-requestid") ?? "",
    isOfGateway,
    retryAfterS: Number.isNaN(wait) ? null : wait,
  });
}

function unanswered(error, signal, timeoutMs) {
  if (error instanceof Problem || signal?.aborted) return error;
  if (error.name === "TimeoutError" || error.name === "AbortError") {
    return new Problem(0, { title: "No answer in time", detail: `The API did not answer within ${timeoutMs / 1000} s.` });
  }
  return new Problem(0, { title: "API away", detail: "The API cannot be reached from this browser." });
}
