/** One job: what it is, how far it is, when, and why it failed. */

import { fill, make, table } from "../../elements.js";
import { ago, bytes, count, counted, number, percent, seconds, time } from "../../format.js";
import { failure, isAborted, loading } from "../../notice.js";

const KINDS = { waiting: "warn", running: "on", succeeded: "good", failed: "bad", cancelled: "plain" };
const NAMES = { import: "Import", rebuild: "Rebuild of the snapshots" };

/** Tell whether a job can still change by itself. */
export const isAtWork = ({ state }) => state === "waiting" || state === "running";

/**
 * Make the card.
 * @param {any} job
 * @param {import("../../api.js").Api} api
 * @param {AbortSignal} signal
 * @param {boolean} [isOpen] whether its details are shown at once
 */
export function jobCard(job, api, signal, isOpen = false) {
  const name = job.name ?? NAMES[job.kind] ?? job.kind;
  return make(
    "article.card.job",
    { "data-job": job.id, "data-shown": JSON.stringify(job), "aria-labelledby": `job-${job.id}` },
    make(
      "div.card-head",
      {},
      make("h2", { id: `job-${job.id}` }, name),
      make("span.badge", { "data-kind": KINDS[job.state] }, job.state),
    ),
    job.error && make("p.job-error", {}, job.error),
    ...progress(job, name),
    make("p.note", {}, ...history(job)),
    more(job, api, signal, isOpen),
  );
}

/** Make the bar and what it says: by rows, by bytes while those are all that is known. */
function progress(job, name) {
  const share = job.state === "succeeded" ? 1 : shareOf(job);
  const label = `Progress of ${name}`;
  const bar = make("progress", { max: 1, value: share === null ? null : share, "aria-label": label, "data-state": job.state });
  return job.state === "waiting" && !share ? [make("p", {}, waitsFor(job))] : [bar, make("p", {}, told(job, share))];
}

function shareOf(job) {
  if (job.kind === "import" && isAtWork(job) && job.bytes) return Math.min(1, job.bytes_done / job.bytes);
  return job.rows ? Math.min(1, job.rows_done / job.rows) : null;
}

const waitsFor = (job) => (job.phase === "upload" ? `Waits for its file of ${bytes(job.bytes)}.` : "Waits for its turn.");

function told(job, share) {
  const of = job.rows === null ? "" : ` of ${count(job.rows)}`;
  const rejected = job.rows_rejected ? `${counted(job.rows_rejected, "row")} refused` : "";
  return [
    isAtWork(job) && job.phase && `${job.phase}${share === null ? "" : ` ${percent(share)}`}`,
    `${count(job.rows_done)}${of} rows`,
    rejected,
    job.rows_per_s !== null && `${number(job.rows_per_s)} rows/s`,
    job.eta_s !== null && job.eta_s !== undefined && `about ${seconds(job.eta_s)} left`,
  ]
    .filter(Boolean)
    .join(" · ");
}

function history(job) {
  const took = job.started_at && job.ended_at && (Date.parse(job.ended_at) - Date.parse(job.started_at)) / 1000;
  const since = (from, to) => (to.slice(0, 10) === from.slice(0, 10) ? time(to).slice(11) : time(to));
  return [
    `Asked for ${time(job.created_at)} UTC (${ago(job.created_at)})`,
    job.started_at && `, begun ${since(job.created_at, job.started_at)}`,
    job.ended_at && `, ended ${since(job.started_at ?? job.created_at, job.ended_at)}`,
    took ? ` after ${seconds(took)}` : "",
    job.attempts > 1 && `, ${count(job.attempts)} turns`,
    job.bookmark && `, reached ${job.bookmark}`,
    ".",
  ].filter(Boolean);
}

/** Make the part that is asked for only when it is opened: the job alone, with the rows that were refused. */
function more(job, api, signal, isOpen) {
  const place = make("div.part");
  const load = async () => {
    fill(place, loading());
    try {
      fill(place, ...alone((await api.get(`/jobs/${job.id}`, { signal })).body.job));
    } catch (error) {
      if (!isAborted(error)) fill(place, failure(error, load));
    }
  };
  const details = make("details", { open: isOpen }, make("summary", {}, job.rows_rejected ? "Details and refused rows" : "Details"), place);
  details.addEventListener("toggle", () => details.hasAttribute("open") && load());
  return details;
}

function alone(job) {
  const facts = { id: job.id, kind: job.kind, format: job.format, "SHA-256": job.sha256, "refused rows allowed": job.max_rejects };
  const said = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  const rejects = job.rejects ?? [];
  return [
    make("p.note", {}, said.map(([name, value]) => `${name} ${value}`).join(" · ")),
    rejects.length > 0 &&
      table(
        "Refused rows",
        [{ text: "line", isNumber: true }, { text: "why" }],
        rejects.map(({ line, reasons }) => [count(line), reasons.join("; ")]),
      ),
    job.rows_rejected > rejects.length && make("p.note", {}, `The first ${count(rejects.length)} of ${count(job.rows_rejected)}.`),
  ];
}
