"""Alarms: rules that say what is too much, and the component that makes an alarm of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from infra.naming import Naming
from infra.watch.metric import Metric

RESULT = "result"
SUM_OF_ALL = "SUM(FILL(METRICS(), 0))"  # also of metrics that have no number because nothing has happened


@dataclass(frozen=True, kw_only=True)
class AlarmRule:
    """When an alarm goes off: a number was above a limit in some of the last periods.

    Args:
        description: the condition in words; it is what an e-mail says of the alarm.
        metrics: by the names that the expression gives them.
        expression: what is made of them, as CloudWatch's metric math writes it; of a single metric, nothing.
        above: the most that is well.
        bad, periods: how many of so many periods have to be above it.
    """

    description: str
    metrics: Mapping[str, Metric]
    expression: str = ""
    above: float = 0
    bad: int = 1
    periods: int = 1


@dataclass(frozen=True, kw_only=True)
class AlarmsArgs:
    """The rules by their part of the alarms' names, and the topic that is told when one goes off, and when it ends."""

    naming: Naming
    rules: Mapping[str, AlarmRule]
    topic_arn: pulumi.Input[str]


class AlarmsComponent(pulumi.ComponentResource):
    """An alarm for each rule."""

    alarms: Mapping[str, aws.cloudwatch.MetricAlarm]

    def __init__(self, name: str, args: AlarmsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("lambdasqlite:index:AlarmsComponent", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        self.alarms = {part: _alarm(name, part, rule, args, child) for part, rule in args.rules.items()}
        self.register_outputs({"alarm_names": [alarm.name for alarm in self.alarms.values()]})


def _alarm(
    name: str, part: str, rule: AlarmRule, args: AlarmsArgs, opts: pulumi.ResourceOptions
) -> aws.cloudwatch.MetricAlarm:
    """Make an alarm. No data is no trouble: most of these metrics have a number only when something has happened."""
    return aws.cloudwatch.MetricAlarm(
        f"{name}-{part}",
        name=args.naming.name(part),
        alarm_description=rule.description,
        metric_queries=_queries(rule),
        comparison_operator="GreaterThanThreshold",
        threshold=rule.above,
        datapoints_to_alarm=rule.bad,
        evaluation_periods=rule.periods,
        treat_missing_data="notBreaching",
        alarm_actions=[args.topic_arn],
        ok_actions=[args.topic_arn],
        tags=args.naming.tags(part),
        opts=opts,
    )


def _queries(rule: AlarmRule) -> list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict]:
    """Return the metrics of a rule, and what is made of them; one of all these is what the alarm looks at."""
    queries: list[aws.cloudwatch.MetricAlarmMetricQueryArgsDict] = [
        {
            "id": id_,
            "return_data": not rule.expression,
            "metric": {
                "namespace": metric.namespace,
                "metric_name": metric.name,
                "dimensions": metric.dimensions,
                "stat": metric.statistic,
                "period": metric.period_s,
            },
        }
        for id_, metric in rule.metrics.items()
    ]
    if rule.expression:
        queries.append({"id": RESULT, "expression": rule.expression, "label": RESULT, "return_data": True})
    return queries
