/**
 * The activity of a month on one read path, counted as console/costs/activity.py does, which says what each member is.
 */

import { feeds } from "./database.js";
import { publishBytes } from "./merges.js";
import { projections, publishes, snapshotBytes } from "./scenario.js";

const NOTHING = {
  load_bytes: 0,
  load_operations: 0,
  warm_bytes: 0,
  looks: 0,
  updates: 0,
  update_ms: 0,
  publishes: 0,
  segment_bytes: 0,
  stored_bytes: 0,
  runs: 0,
  run_lives: 0,
  feeds: 0,
  feed_lives: 0,
};

export function activity(model, scenario, source) {
  const lives = scenario.reads_per_month / scenario.reads_per_sandbox;
  if (source === "ddb") return onDdb(scenario, lives);
  if (source === "postgres") return onPostgres(model, scenario, lives);
  return onSqlite(model, scenario, lives, source === "sqlite-efs");
}

function onDdb(scenario, lives) {
  const calls = scenario.writes_per_month;
  return {
    ...NOTHING,
    reads: scenario.reads_per_month,
    calls,
    lives,
    command_lives: calls / scenario.writes_per_sandbox,
    loads: lives,
    warm_ms: scenario.ddb_ms,
    load_ms: scenario.ddb_first_ms,
  };
}

function onPostgres(model, scenario, lives) {
  const { ROUNDS } = model.constants;
  const fed = feeds(model, scenario);
  return {
    ...onDdb(scenario, lives),
    warm_ms: scenario.postgres_ms,
    load_ms: scenario.postgres_first_ms,
    feeds: fed + ROUNDS,
    feed_lives: fed / scenario.writes_per_sandbox + ROUNDS,
  };
}

function onSqlite(model, scenario, lives, onEfs) {
  const { constants } = model;
  const published = publishes(scenario);
  const calls = Math.max(scenario.writes_per_month, published);
  const loadBytes = onEfs ? openedBytes(model, scenario) : copiedBytes(model, scenario, lives);
  const segmentBytes = publishBytes(model, scenario);
  const kept = Math.min(constants.MOST_FILES, (published * scenario.retain_s) / constants.MONTH_S);
  const projected = projections(model, scenario);
  return {
    ...NOTHING,
    reads: scenario.reads_per_month,
    calls,
    lives,
    command_lives: calls / scenario.writes_per_sandbox,
    loads: lives,
    warm_ms: onEfs ? scenario.sqlite_efs_ms : scenario.sqlite_tmp_ms,
    load_ms: constants.OPEN_MS + loadBytes / constants.BYTES_PER_MS,
    load_bytes: loadBytes,
    load_operations: constants.OPEN_OPERATIONS,
    warm_bytes: onEfs ? scenario.efs_reads_per_read * constants.METERED_READ_BYTES : 0,
    looks: Math.min(scenario.reads_per_month, mostLooks(model, scenario)),
    publishes: published,
    updates: Math.min(Math.max(0, scenario.reads_per_month - lives), scenario.sandboxes * published),
    update_ms: constants.UPDATE_MS + segmentBytes / constants.BYTES_PER_MS,
    segment_bytes: segmentBytes,
    stored_bytes: snapshotBytes(model, scenario) + kept * segmentBytes,
    runs: projected + scenario.maintained_per_month,
    run_lives: projected / scenario.writes_per_sandbox + scenario.maintained_per_month,
  };
}

/** What `sqlite-efs` reads to open a snapshot: all of a file that it proves in full, else a few pages. */
function openedBytes(model, scenario) {
  const whole = wholeBytes(model, scenario);
  if (snapshotBytes(model, scenario) <= scenario.verify_max_bytes) return whole;
  return Math.min(whole, scenario.cold_efs_reads * model.constants.METERED_READ_BYTES);
}

/** What `sqlite-tmp` reads to have a snapshot: a small one at once, of a large one a step at each read. */
function copiedBytes(model, scenario, loads) {
  const { WHOLE_BYTES, STEP_BYTES } = model.constants;
  const whole = wholeBytes(model, scenario);
  if (snapshotBytes(model, scenario) <= Math.max(WHOLE_BYTES, scenario.verify_max_bytes)) return whole;
  const stepsBytes = loads ? (scenario.reads_per_month / loads) * STEP_BYTES : whole;
  return Math.min(whole, stepsBytes) + openedBytes(model, scenario);
}

const wholeBytes = (model, scenario) =>
  Math.max(model.constants.METERED_READ_BYTES, snapshotBytes(model, scenario));

/** The looks for a newer snapshot that a month has room for, one an interval and sandbox. */
function mostLooks({ constants }, scenario) {
  if (!scenario.check_interval_ms) return Infinity;
  return (scenario.sandboxes * constants.MONTH_S * 1000) / scenario.check_interval_ms;
}
