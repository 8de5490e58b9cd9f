/**
 * Dollars a month on each read path, by service: the core of the bill of console/costs/bill.py, without jobs, lake,
 * notifications and whatever else model.json names as left out. A test holds it to the console's, line by line.
 */

import { activity } from "./activity.js";
import { databaseUsd, feedReadUnits } from "./database.js";
import { homesOf, readUnits } from "./scenario.js";

export const bills = (model, scenario) =>
  Object.fromEntries(homesOf(model, scenario).map((source) => [source, bill(model, scenario, source)]));

export const totals = (model, scenario) =>
  Object.fromEntries(Object.entries(bills(model, scenario)).map(([source, lines]) => [source, sum(lines)]));

export const sum = (lines) => Object.values(lines).reduce((total, amount) => total + amount, 0);

export function bill(model, scenario, source) {
  const { prices, constants } = model;
  const { GB } = constants;
  const month = activity(model, scenario, source);
  const itemsGb = (scenario.rows * (scenario.row_bytes + constants.ITEM_OVERHEAD_BYTES)) / GB;
  const requests = month.reads + month.calls;
  const gbSeconds = (billedS(constants, scenario, month) * scenario.memory_mb) / 1024;
  return {
    "HTTP API": apiRequests(constants, scenario, month) * prices.http_api_request,
    "Lambda requests": (requests + month.runs + month.feeds) * prices.lambda_request,
    "Lambda time": gbSeconds * prices[`lambda_time_${scenario.architecture}`],
    "EFS storage": (month.stored_bytes / GB) * prices.efs_storage,
    "EFS reads": (readBytes(constants, month) / GB) * prices.efs_read,
    "EFS writes": ((month.publishes * month.segment_bytes) / GB) * prices.efs_write,
    "EFS metadata": metadataUsd(model, month),
    "DynamoDB reads": dynamodbReads(model, scenario, month, source) * prices.dynamodb_read_unit,
    "DynamoDB writes": dynamodbWrites(constants, scenario) * prices.dynamodb_write_unit,
    "DynamoDB storage": itemsGb * constants.TABLE_AND_INDEX * prices.dynamodb_storage,
    "DynamoDB recovery": itemsGb * prices.dynamodb_recovery,
    ...(scenario.postgres ? { PostgreSQL: source === "postgres" ? databaseUsd(model, scenario) : 0 } : {}),
    "access log": ((requests * constants.LOG_BYTES) / GB) * prices.log,
    traces: scenario.tracing * traces(constants, month) * prices.trace,
  };
}

function apiRequests({ API_REQUEST_BYTES }, scenario, month) {
  const answerBytes = scenario.rows_per_read * scenario.row_bytes;
  return month.reads * Math.ceil(answerBytes / API_REQUEST_BYTES) + month.calls;
}

/** The functions' time; a sandbox's start is billed too. */
function billedS({ BYTES_PER_MS, PUBLISH_MS }, scenario, month) {
  const copyMs = (2 * month.segment_bytes) / BYTES_PER_MS;
  const loadMs = month.loads * month.load_ms + month.updates * month.update_ms;
  const queryMs = month.reads * month.warm_ms + month.lives * scenario.init_ms + loadMs;
  const firstMs = scenario.init_ms + scenario.ddb_first_ms;
  const appendMs = month.calls * scenario.write_ms + month.command_lives * firstMs;
  const publishMs = month.publishes * (PUBLISH_MS + copyMs);
  const runMs = month.runs * scenario.projector_ms + month.run_lives * firstMs;
  const feedMs = month.feeds * scenario.feed_ms + month.feed_lives * (firstMs + scenario.postgres_first_ms);
  return (queryMs + appendMs + publishMs + runMs + feedMs) / 1000;
}

const readBytes = ({ METERED_READ_BYTES }, month) =>
  month.loads * month.load_bytes +
  month.reads * month.warm_bytes +
  (month.updates + month.publishes) * Math.max(METERED_READ_BYTES, month.segment_bytes);

function metadataUsd({ prices, constants }, month) {
  const opened = (month.loads + month.updates) * month.load_operations;
  const read = (month.looks + month.runs + opened) * prices.efs_read;
  const written = month.publishes * constants.PUBLISH_OPERATIONS * prices.efs_write;
  return ((read + written) * constants.METERED_METADATA_BYTES) / constants.GB;
}

function dynamodbWrites({ ROWS_PER_TRANSACTION, WRITE_UNIT_BYTES }, scenario) {
  const transactions = Math.ceil(scenario.rows_per_write / ROWS_PER_TRANSACTION);
  const rowUnits = 3 * Math.ceil(scenario.row_bytes / WRITE_UNIT_BYTES);
  return scenario.writes_per_month * (2 * transactions + scenario.rows_per_write * rowUnits);
}

function dynamodbReads(model, scenario, month, source) {
  const { READ_UNIT_BYTES, HEAD_READ_UNITS } = model.constants;
  const newBytes = scenario.writes_per_month * scenario.rows_per_write * scenario.row_bytes;
  const published = month.publishes ? month.publishes + Math.max(month.publishes, newBytes / READ_UNIT_BYTES) : 0;
  if (source === "postgres") return month.calls + feedReadUnits(model, scenario);
  if (source !== "ddb") return month.calls + month.runs + published;
  const units = readUnits(model, scenario);
  const again = Math.min(month.reads, scenario.sandboxes * month.calls) * Math.max(0, units - HEAD_READ_UNITS);
  return month.calls + month.reads * units + again;
}

const traces = (constants, { reads, calls, runs, feeds }) =>
  [reads, calls, runs, feeds].reduce((total, count) => total + traced(constants, count), 0);

function traced({ TRACED_PER_S, TRACED_SHARE, MONTH_S }, calls) {
  const always = Math.min(calls, TRACED_PER_S * MONTH_S);
  return always + TRACED_SHARE * (calls - always);
}
