"""The dashboard: the homes side by side, and what the stack does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_aws as aws

from handlers.aws.table import BY_ID
from handlers.routes import COMMAND, PROJECTOR, QUERY, RELATIONAL
from handlers.telemetry.metrics import COLD_STARTS, CONFLICTS, ERRORS, LAG_ROWS, LAG_SECONDS, LATENCY, RETRIES
from infra.account import account_of
from infra.naming import Naming
from infra.watch.homes import homes
from infra.watch.metric import (
    AVERAGE,
    MAXIMUM,
    P50,
    P99,
    Metric,
    Text,
    of_api,
    of_database,
    of_files,
    of_function,
    of_queue,
    of_table,
    own,
)
from infra.watch.widgets import Graph, Section, body, line

HOMES_NEED_METRICS = "The homes side by side: `pulumi config set metrics true`, and their requests tell"


@dataclass(frozen=True, kw_only=True)
class DashboardArgs:
    """All that is shown.

    Args:
        functions: Lambda's names of the functions by their own.
        query_memory_mb: what the query function's time is priced by.
        metrics: whether the functions tell metrics of their own.
        queue_name: that of failures.
        jobs_queue_names: by what waits in them; none where there are no jobs.
        database: PostgreSQL's name at RDS; None where there is none.
        alarm_arns: the alarms whose state is shown.
    """

    naming: Naming
    functions: Mapping[str, Text]
    query_memory_mb: int
    metrics: bool
    api_id: Text
    table_name: Text
    file_system_id: Text
    queue_name: Text
    jobs_queue_names: Mapping[str, Text] = field(default_factory=dict[str, Text])
    database: Text | None = None
    alarm_arns: Sequence[Text] = ()


class DashboardComponent(pulumi.ComponentResource):
    """One dashboard of CloudWatch."""

    dashboard: aws.cloudwatch.Dashboard

    def __init__(self, name: str, args: DashboardArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:DashboardComponent", name, None, opts)
        region = account_of(self).region
        self.dashboard = aws.cloudwatch.Dashboard(
            f"{name}-page",
            dashboard_name=args.naming.name("dashboard"),
            dashboard_body=pulumi.Output.json_dumps(body([*_sections(args)], region, args.alarm_arns)),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"dashboard_name": self.dashboard.dashboard_name})


def _sections(args: DashboardArgs) -> list[Section]:
    if not args.metrics:
        return [Section(headline=HOMES_NEED_METRICS), _requests(args), _functions(args), _data(args), *_database(args)]
    return [
        homes(args.functions[QUERY], args.query_memory_mb),
        _requests(args),
        _functions(args),
        _told(args),
        _data(args),
        *_database(args),
    ]


def _requests(args: DashboardArgs) -> Section:
    counts = [
        line(label, of_api(name, args.api_id)) for name, label in (("Count", "all"), ("4xx", "4xx"), ("5xx", "5xx"))
    ]
    latencies = [line(statistic, of_api("Latency", args.api_id, statistic)) for statistic in (P50, P99)]
    return Section(
        headline="Requests at the gateway",
        graphs=(Graph(title="Requests in 5 minutes", lines=counts), Graph(title="Latency", unit="ms", lines=latencies)),
    )


def _functions(args: DashboardArgs) -> Section:
    def each(name: str, statistic: str = "Sum") -> list[Metric]:
        return [of_function(name, lambda_name, statistic) for lambda_name in args.functions.values()]

    def graph(title: str, name: str, statistic: str = "Sum", unit: str = "") -> Graph:
        lines = [line(part, metric) for part, metric in zip(args.functions, each(name, statistic), strict=True)]
        return Graph(title=title, unit=unit, lines=lines)

    return Section(
        headline="Functions",
        graphs=(
            graph("Calls", "Invocations"),
            graph("Failures and timeouts", "Errors"),
            graph("Calls without a sandbox", "Throttles"),
            graph("Time, p99", "Duration", P99, "ms"),
            graph("Sandboxes at once", "ConcurrentExecutions", MAXIMUM),
        ),
    )


def _told(args: DashboardArgs) -> Section:
    """Return what the functions tell of themselves; the warmer tells nothing."""
    names = {part: args.functions[part] for part in (COMMAND, QUERY, PROJECTOR)}

    def graph(title: str, name: str) -> Graph:
        return Graph(title=title, lines=[line(part, own(name, lambda_name)) for part, lambda_name in names.items()])

    lag = [
        line("s", own(LAG_SECONDS, names[COMMAND], MAXIMUM)),
        line("rows", own(LAG_ROWS, names[COMMAND], MAXIMUM), right=True),
    ]
    inserts = [line(statistic, own(LATENCY, names[COMMAND], statistic, "insert")) for statistic in (P50, P99)]
    return Section(
        headline="What the functions tell",
        graphs=(
            graph("Cold starts", COLD_STARTS),
            graph("Further attempts at DynamoDB", RETRIES),
            Graph(title="Conflicts at the head", lines=[line("appends", own(CONFLICTS, names[COMMAND]))]),
            graph("Answers of 500, failed tasks", ERRORS),
            Graph(title="Snapshots behind the ledger", unit="s", right_unit="rows", lines=lag),
            Graph(title="Inserts in the function", unit="ms", lines=inserts),
        ),
    )


def _data(args: DashboardArgs) -> Section:
    table, files = args.table_name, args.file_system_id
    units = [
        line(f"{kind} {place}", of_table(f"Consumed{kind}CapacityUnits", table, **dimensions))
        for kind in ("Read", "Write")
        for place, dimensions in (("table", {}), ("index", {"GlobalSecondaryIndexName": BY_ID}))
    ]
    throttles = [line(f"{kind}s", of_table(f"{kind}ThrottleEvents", table)) for kind in ("Read", "Write")]
    moved = [
        line(label, of_files(name, files))
        for name, label in (("DataReadIOBytes", "read"), ("DataWriteIOBytes", "written"))
    ]
    load = [
        line("bytes", of_files("StorageBytes", files, MAXIMUM, StorageClass="Total")),
        line("% of operations", of_files("PercentIOLimit", files, AVERAGE), right=True),
    ]
    waiting = [
        line("failures", of_queue("ApproximateNumberOfMessagesVisible", args.queue_name)),
        line("stream's age in ms", of_function("IteratorAge", args.functions[PROJECTOR], MAXIMUM), right=True),
    ]
    waiting += [
        line(label, of_queue("ApproximateNumberOfMessagesVisible", name))
        for label, name in args.jobs_queue_names.items()
    ]
    return Section(
        headline="Table, file system and queues",
        graphs=(
            Graph(title="Units in 5 minutes", lines=units),
            Graph(title="Refused by DynamoDB", lines=throttles),
            Graph(title="Bytes to and from EFS", unit="bytes", lines=moved),
            Graph(title="File system", unit="bytes", right_unit="%", lines=load),
            Graph(title="Failures that wait, age of the stream", right_unit="ms", lines=waiting),
        ),
    )


def _database(args: DashboardArgs) -> list[Section]:
    """Return PostgreSQL's section, where there is PostgreSQL."""
    if args.database is None:
        return []
    of = args.database
    load = [
        line("% of the processor", of_database("CPUUtilization", of)),
        line("connections", of_database("DatabaseConnections", of, MAXIMUM), right=True),
    ]
    disk = [
        line("bytes free", of_database("FreeStorageSpace", of)),
        line("stream's age in ms", of_function("IteratorAge", args.functions[RELATIONAL], MAXIMUM), right=True),
    ]
    return [
        Section(
            headline="PostgreSQL",
            graphs=(
                Graph(title="Processor and connections", unit="%", lines=load),
                Graph(title="Disk, age of the stream", unit="bytes", right_unit="ms", lines=disk),
            ),
        )
    ]
