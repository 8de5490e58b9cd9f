/** Rounds of questions: one home after the other, a pause, and again; while nobody looks at the page, none. */

import { Problem } from "../../api.js";
import { counted } from "../../format.js";
import { isAborted } from "../../notice.js";

export const KEPT = 60;

/**
 * What one home answered once.
 * @typedef {object} Sample
 * @property {number} round counted from 1
 * @property {boolean} isFromEdge a cache on the way answered: what it says of the home is of an earlier call
 * @property {number | null} roundTripMs null where it failed
 * @property {number} bytes
 * @property {Record<string, number>} phases milliseconds by phase, the total left out
 * @property {number} totalMs of the function
 * @property {string} bookmark
 * @property {Record<string, unknown>} consumed the receipt
 * @property {unknown} problem why there is no answer; null where there is
 */

export class Rounds {
  /**
   * @param {string[]} homes
   * @param {{ask: (home: string) => Promise<import("../../api.js").Answer>, changed: () => void, ended: () => void}} hooks
   *   `changed` is called after each answer, `ended` after a round that was asked for by hand
   */
  constructor(homes, hooks) {
    this.homes = homes;
    this.hooks = hooks;
    this.isOn = false;
    this.isClosed = false;
    /** @type {Map<string, Sample[]>} */
    this.samples = new Map(homes.map((home) => [home, []]));
    /** @type {Map<string, number>} until when a home asked to be left alone */
    this.resting = new Map();
    this.count = 0;
    /** Which question is asked, counted: an answer to an earlier one is not kept. */
    this.series = 0;
    this.pauseMs = 2000;
    this.timer = 0;
    /** @type {Promise<void> | null} */
    this.running = null;
    this.look = () => (document.hidden ? clearTimeout(this.timer) : this.isOn && this.soon(0));
    document.addEventListener("visibilitychange", this.look);
  }

  /** The latest answers of a home, oldest first. @param {string} home @returns {Sample[]} */
  of(home) {
    return this.samples.get(home) ?? [];
  }

  /** The latest answers that the home itself gave, and its failures. @param {string} home */
  measuredOf(home) {
    return this.of(home).filter((sample) => !sample.isFromEdge);
  }

  /** The longest round trip among the homes' last ones: what their bars are drawn to. */
  slowest() {
    return Math.max(0, ...this.homes.map((home) => this.measuredOf(home).at(-1)?.roundTripMs ?? 0));
  }

  /** What is going on, as a sentence. */
  said() {
    const asked = this.count ? `Asked ${counted(this.count, "time")}` : "Not asked yet";
    if (!this.isOn) return `${asked}.`;
    return document.hidden ? `${asked}; paused while the page is hidden.` : `${asked}; each home in turn, again after a pause.`;
  }

  /** @param {number} seconds the pause between rounds */
  every(seconds) {
    this.pauseMs = seconds * 1000;
    if (this.isOn) this.soon(this.pauseMs);
  }

  toggle() {
    this.isOn = !this.isOn;
    if (this.isOn) this.soon(0);
    else clearTimeout(this.timer);
    this.hooks.changed();
  }

  /** Forget what was answered: another question is asked now. */
  async restart() {
    const series = ++this.series;
    for (const home of this.homes) this.samples.set(home, []);
    this.count = 0;
    this.resting.clear();
    this.hooks.changed();
    await this.running;
    if (series === this.series) await this.once();
  }

  async once() {
    const { series } = this;
    await this.round();
    if (series === this.series) this.hooks.ended();
  }

  close() {
    this.isClosed = true;
    this.isOn = false;
    clearTimeout(this.timer);
    document.removeEventListener("visibilitychange", this.look);
  }

  soon(afterMs) {
    clearTimeout(this.timer);
    if (document.hidden) return;
    this.timer = setTimeout(async () => {
      await this.round();
      if (this.isOn) this.soon(this.pauseMs);
    }, afterMs);
  }

  /** Ask every home once; the first one changes from round to round, so that none always follows the same. */
  round() {
    this.running ??= this.askAll().finally(() => (this.running = null));
    return this.running;
  }

  async askAll() {
    const { series } = this;
    const turn = this.count % this.homes.length;
    const order = [...this.homes.slice(turn), ...this.homes.slice(0, turn)];
    const due = order.filter((home) => (this.resting.get(home) ?? 0) <= Date.now());
    if (due.length) this.count += 1;
    for (const home of due) {
      if (this.isClosed) return;
      const sample = await this.sample(home);
      if (!sample || series !== this.series) return;
      this.samples.set(home, [...this.of(home), sample].slice(-KEPT));
      this.hooks.changed();
    }
  }

  /** Ask one home; null where the page itself ended the call. @returns {Promise<Sample | null>} */
  async sample(home) {
    try {
      return { round: this.count, problem: null, ...measured(await this.hooks.ask(home)) };
    } catch (error) {
      if (isAborted(error)) return null;
      if (error instanceof Problem && error.retryAfterS) this.resting.set(home, Date.now() + error.retryAfterS * 1000);
      return { round: this.count, problem: error, isFromEdge: false, roundTripMs: null, bytes: 0, phases: {}, totalMs: 0, bookmark: "", consumed: {} };
    }
  }
}

function measured({ roundTripMs, bytes, headers, body }) {
  const { total = 0, ...phases } = timings(headers.get("server-timing") ?? "");
  const isFromEdge = fromEdge(headers);
  return { isFromEdge, roundTripMs, bytes, phases, totalMs: total, bookmark: headers.get("snapshot-bookmark") ?? "", consumed: body.consumed };
}

/**
 * Tell whether a cache on the way has answered, by what CloudFront or nginx says of itself. CloudFront's `RefreshHit`
 * is one too: the home has only said that nothing is new, and body and headers are of an earlier call.
 * @param {Headers} headers
 */
export function fromEdge(headers) {
  const said = `${headers.get("x-cache") ?? ""} ${headers.get("x-cache-status") ?? ""}`;
  return headers.has("age") || /hit|revalidated|stale/i.test(said);
}

/**
 * Return the phases of a header: `check;dur=0.02, query;dur=0.1` is 0.02 and 0.1 milliseconds.
 * @param {string} header Server-Timing
 * @returns {Record<string, number>}
 */
export function timings(header) {
  return Object.fromEntries([...header.matchAll(/([\w-]+);dur=([\d.]+)/g)].map(([, name, value]) => [name, Number(value)]));
}
