from __future__ import annotations

import dataclasses
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from tests.infra import contract
from tests.infra.contract import RULES, Rule
from tests.infra.graph import Graph, Node, graph_of
from tests.infra.program import EVERYTHING, STACKS, graph, run


@pytest.mark.parametrize("stack", [*STACKS, EVERYTHING])
@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_every_node_keeps_the_contract(rule: Rule, stack: str) -> None:
    assert list(rule(graph(stack))) == []


def test_a_preview_knows_no_more_than_it_can() -> None:
    seen = run("prod", preview=True)
    assert [node.urn for node in seen.nodes] == [node.urn for node in graph("prod").nodes]


def test_two_recordings_are_equal_and_independent() -> None:
    assert run("dev") == run("dev")
    assert run("dev").nodes != run("prod").nodes


# What breaks each rule: a change of one node of a good graph.
BREAKS: dict[Rule, tuple[str, dict[str, Any]]] = {
    contract.every_resource_is_a_child_of_a_component: ("Table", {"parent": ""}),
    contract.names_begin_with_the_name_of_the_component: ("Table", {"name": "table"}),
    contract.every_component_registers_its_outputs_once: ("ApiComponent", {"urn": "another"}),
    contract.urns_are_unique: ("Table", {"urn": graph("prod").one("FileSystem").urn}),
    contract.everything_that_can_have_tags_has_them: ("Table", {"tags": {"Name": "x"}}),
    contract.no_output_is_printed_into_a_text: ("Table", {"name": "<pulumi.output.Output object at 0x7f>"}),
    contract.what_stores_is_encrypted: ("FileSystem", {"encrypted": False}),
    contract.with_a_key_of_its_own_everything_uses_it: ("FileSystem", {"kmsKeyId": None}),
    contract.no_policy_allows_everything: (
        "RolePolicy",
        {"policy": '{"Statement":[{"Effect":"Allow","Action":["s3:*"],"Resource":["*"]}]}'},
    ),
    contract.who_deploys_keeps_to_the_stack: (
        "Policy",
        {"policy": '{"Statement":[{"Effect":"Allow","Action":["sqs:*"],"Resource":["*"]}]}'},
    ),
    contract.a_bucket_is_private_encrypted_and_reached_over_tls_alone: ("BucketPublicAccessBlock", {"bucket": "other"}),
    contract.a_bucket_keeps_versions_or_nothing_for_long: ("Bucket", {"forceDestroy": False}),
    contract.a_queue_is_reached_over_tls_alone_and_open_to_nobody_but_a_bucket_of_this_account: (
        "QueuePolicy",
        {
            "policy": '{"Statement":[{"Sid":"All","Effect":"Allow","Principal":{"AWS":"*"},'
            '"Action":["sqs:SendMessage"],"Resource":["*"]}]}'
        },
    ),
    contract.messages_stay_hidden_while_they_are_worked_on_and_end_somewhere: (
        "Queue",
        {"visibilityTimeoutSeconds": 3599},
    ),
    contract.nothing_is_open_to_the_world: ("SecurityGroupIngressRule", {"cidrIpv4": "0.0.0.0/0"}),
    contract.security_rules_say_what_they_are_for: ("SecurityGroupIngressRule", {"description": ""}),
    contract.logs_are_not_kept_for_ever: ("LogGroup", {"retentionInDays": 0}),
    contract.a_key_outlives_its_stack: ("Key", {"options": {"protect": True}}),
    contract.what_aws_allows_once_goes_before_its_successor_comes: ("MountTarget", {"options": dict[str, Any]()}),
    contract.a_subnet_stays_in_its_zone: ("Subnet", {"options": {"deleteBeforeReplace": True}}),
    contract.functions_wait_for_what_they_need: ("Function", {"dependencies": frozenset[str]()}),
    contract.what_nobody_waits_for_leaves_its_failures_somewhere: ("EventSourceMapping", {"destinationConfig": None}),
    contract.what_aws_tries_out_waits_for_its_rights: ("Schedule", {"dependencies": frozenset[str]()}),
    contract.alarms_tell_somebody_when_they_go_off_and_when_they_end: ("MetricAlarm", {"alarmActions": list[str]()}),
    contract.topics_let_nobody_but_named_services_of_this_account_in: (
        "TopicPolicy",
        {
            "policy": '{"Statement":[{"Sid":"All","Effect":"Allow","Principal":{"AWS":"*"},'
            '"Action":["sns:Publish"],"Resource":["arn:aws:sns:us-east-1:123456789012:topic-topic"]}]}'
        },
    ),
    contract.a_topics_key_lets_those_in_who_tell_it: ("Key", {"policy": '{"Statement":[]}'}),
    contract.a_throttle_of_a_route_waits_for_the_route: ("Stage", {"dependencies": frozenset[str]()}),
    contract.a_database_is_reached_from_inside_by_tokens_over_tls_and_kept_as_the_table_is: (
        "Instance",
        {"publiclyAccessible": True},
    ),
    contract.backups_are_of_named_resources_and_last_as_long_as_the_data: ("Selection", {"resources": ["*"]}),
    contract.what_a_state_machine_moves_pulumi_leaves_alone: (
        "StateMachine",
        {"definition": '{"States":{"Read the order":{"Assign":{"tests":{"another":[]}}}}}'},
    ),
}


# Rules that have something to say only where there are jobs.
OF_JOBS = {contract.messages_stay_hidden_while_they_are_worked_on_and_end_somewhere}


def changed(good: Graph, kind: str, change: dict[str, Any]) -> Graph:
    """The graph with one node of a kind changed: its own fields, else its inputs."""
    node = good.of(kind)[0]
    fields = {field.name for field in dataclasses.fields(Node)} - ({"name"} if "object" in str(change) else set())
    own = {key: value for key, value in change.items() if key in fields}
    inputs = node.inputs | {key: value for key, value in change.items() if key not in fields}
    bad = dataclasses.replace(node, inputs=inputs, **own)
    return dataclasses.replace(good, nodes=tuple(bad if other is node else other for other in good.nodes))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_each_rule_can_fail(rule: Rule) -> None:
    kind, change = BREAKS[rule]
    good = graph("prod") if graph("prod").of(kind) and rule not in OF_JOBS else graph(EVERYTHING)
    assert list(rule(changed(good, kind, change)))


class Careless(pulumi.ComponentResource):
    """Leaves out what the contract asks for."""

    def __init__(self) -> None:
        super().__init__("test:index:Careless", "careless")
        aws.cloudwatch.LogGroup("orphan", name="/aws/lambda/orphan")
        vpc = aws.ec2.Vpc("careless-vpc", cidr_block="10.0.0.0/24", opts=pulumi.ResourceOptions(parent=self))
        aws.ec2.InternetGateway("way-out", vpc_id=vpc.id, opts=pulumi.ResourceOptions(parent=self))
        group = aws.ec2.SecurityGroup(
            "careless-open", vpc_id=vpc.id, egress=[{"from_port": 0, "to_port": 0, "protocol": "-1"}]
        )
        aws.vpc.SecurityGroupIngressRule(
            "careless-in", security_group_id=group.id, ip_protocol="-1", cidr_ipv4="0.0.0.0/0"
        )
        aws.kms.Key("careless-key", opts=pulumi.ResourceOptions(parent=self))
        aws.ec2.Subnet("careless-subnet", vpc_id=vpc.id, opts=pulumi.ResourceOptions(parent=self))
        aws.efs.FileSystem("careless-files", opts=pulumi.ResourceOptions(parent=self))
        aws.dynamodb.Table("careless-table", opts=pulumi.ResourceOptions(parent=self))
        aws.sqs.Queue("careless-queue", opts=pulumi.ResourceOptions(parent=self))
        aws.sns.Topic("careless-topic", opts=pulumi.ResourceOptions(parent=self))
        aws.cloudwatch.MetricAlarm(
            "careless-alarm",
            comparison_operator="GreaterThanThreshold",
            evaluation_periods=1,
            alarm_actions=["arn:aws:sns:us-east-1:123456789012:another"],
            opts=pulumi.ResourceOptions(parent=self),
        )
        aws.lambda_.EventSourceMapping(
            "careless-stream", function_name="projector", opts=pulumi.ResourceOptions(parent=self)
        )


def test_a_careless_component_is_caught() -> None:
    broken = {sentence.split(":")[0] for sentence in contract.violations(graph_of(Careless))}
    assert broken == {
        "every_resource_is_a_child_of_a_component",
        "names_begin_with_the_name_of_the_component",
        "every_component_registers_its_outputs_once",
        "everything_that_can_have_tags_has_them",
        "what_stores_is_encrypted",
        "a_queue_is_reached_over_tls_alone_and_open_to_nobody_but_a_bucket_of_this_account",
        "nothing_is_open_to_the_world",
        "security_rules_say_what_they_are_for",
        "logs_are_not_kept_for_ever",
        "a_key_outlives_its_stack",
        "with_a_key_of_its_own_everything_uses_it",
        "what_aws_allows_once_goes_before_its_successor_comes",
        "a_subnet_stays_in_its_zone",
        "what_nobody_waits_for_leaves_its_failures_somewhere",
        "what_aws_tries_out_waits_for_its_rights",
        "alarms_tell_somebody_when_they_go_off_and_when_they_end",
        "topics_let_nobody_but_named_services_of_this_account_in",
    }


def test_an_output_in_an_f_string_is_an_error() -> None:
    def build() -> None:
        vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/24")
        aws.ec2.Vpc(f"vpc-{vpc.id}", cidr_block="10.0.0.0/24")

    with pytest.raises(Exception, match="__str__ on an Output"):
        graph_of(build)
