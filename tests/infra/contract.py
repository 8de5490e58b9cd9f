"""The rules for every node of every graph: each gives a sentence for each node that breaks it."""

from __future__ import annotations

import importlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from handlers.routes import FUNCTIONS
from tests.infra.graph import Graph, Node

TAGS = {"Name", "Project", "Stack", "Stage", "ManagedBy"}
# Actions that AWS can only grant on every resource.
UNRESTRICTABLE = {
    "cloudwatch:GetMetricData",
    "dynamodb:ListStreams",
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribePrefixLists",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "ec2:UnassignPrivateIpAddresses",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "tag:GetResources",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "secretsmanager:GetRandomPassword",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "servicequotas:GetServiceQuota",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}

MOST_POLICY_CHARACTERS = 6144  # of a policy with a name of its own
# Actions that change nothing of anybody's but where AWS delivers logs to, mappings whose functions are named, and
# network interfaces that nothing uses.
ONLY_LOOKS = (
    r"\w+:(Describe|Get|List)\w*\*?|logs:\w+(LogDelivery|ResourcePolicy)|lambda:CreateEventSourceMapping"
    r"|ec2:(Create|Delete)NetworkInterface|backup-storage:MountCapsule|states:ValidateStateMachineDefinition"
)
# Resources without a name of the stack's: APIs, what is CloudFront's, deliveries of logs, a proxy's targets and a
# master user's secret have none; AWS's own roles, rules and options, and Glue's catalog, are the account's.
ELSEWHERE = {
    "arn:aws:apigateway:us-east-1::/apis*",
    "arn:aws:cloudfront::123456789012:cache-policy/*",
    "arn:aws:cloudfront::123456789012:distribution/*",
    "arn:aws:codeconnections:us-east-1:123456789012:connection/*",
    "arn:aws:glue:us-east-1:123456789012:catalog",
    "arn:aws:iam::123456789012:role/aws-service-role/*",
    "arn:aws:lambda:us-east-1:123456789012:event-source-mapping:*",
    "arn:aws:logs:us-east-1:123456789012:delivery:*",
    "arn:aws:rds:us-east-1:123456789012:og:default*",
    "arn:aws:rds:us-east-1:123456789012:target-group:*",
    "arn:aws:secretsmanager:us-east-1:123456789012:secret:rds!db-*",
    "arn:aws:wafv2:us-east-1:123456789012:global/managedruleset/*/*",
}
# Where those who store objects name their key.
KEYS_OF_OBJECTS = {
    "BucketServerSideEncryptionConfiguration": "rules.0.applyServerSideEncryptionByDefault.kmsMasterKeyId",
    "Workgroup": "configuration.resultConfiguration.encryptionConfiguration.kmsKeyArn",
}

Rule = Callable[[Graph], Iterator[str]]


def resource_class(node: Node) -> type:
    """The class that makes nodes of this type: aws:lambda/function:Function is pulumi_aws.lambda_.Function."""
    module, name = node.type.split(":")[1].split("/")[0], node.type.rpartition(":")[2]
    return getattr(importlib.import_module(f"pulumi_aws.{'lambda_' if module == 'lambda' else module}"), name)


def statements(node: Node) -> list[dict[str, Any]]:
    """The statements of a node's policy."""
    return json.loads(node.inputs["policy"])["Statement"]


def custom(graph: Graph) -> list[Node]:
    return [node for node in graph.nodes if node.is_custom]


def every_resource_is_a_child_of_a_component(graph: Graph) -> Iterator[str]:
    components = {node.urn for node in graph.nodes if not node.is_custom}
    for node in custom(graph):
        if node.parent not in components:
            yield f"{node.name} has the parent {node.parent!r}"


def names_begin_with_the_name_of_the_component(graph: Graph) -> Iterator[str]:
    for node in custom(graph):
        if node.parent and not node.name.startswith(f"{graph.find(node.parent).name}-"):
            yield f"{node.name} is a child of {graph.find(node.parent).name}"


def every_component_registers_its_outputs_once(graph: Graph) -> Iterator[str]:
    for node in graph.nodes:
        if not node.is_custom and graph.registered.get(node.urn, 0) != 1:
            yield f"{node.name} registered {graph.registered.get(node.urn, 0)} times"


def urns_are_unique(graph: Graph) -> Iterator[str]:
    for urn, count in Counter(node.urn for node in graph.nodes).items():
        if count > 1:
            yield f"{urn} stands there {count} times"


def everything_that_can_have_tags_has_them(graph: Graph) -> Iterator[str]:
    for node in custom(graph):
        if hasattr(resource_class(node), "tags") and not set(node.inputs.get("tags") or {}) >= TAGS:
            yield f"{node.name} has the tags {node.inputs.get('tags')}"


def no_output_is_printed_into_a_text(graph: Graph) -> Iterator[str]:
    for node in custom(graph):
        text = json.dumps(node.inputs)
        if re.search(r'\bOutput\b(?!\\?":)', text) or " object at 0x" in text:
            yield f"{node.name} has an output in a text"


def what_stores_is_encrypted(graph: Graph) -> Iterator[str]:
    for node in graph.of("FileSystem"):
        if node.inputs.get("encrypted") is not True:
            yield f"{node.name} is not encrypted"
    for node in graph.of("Table"):
        if not node.inputs.get("serverSideEncryption", {}).get("enabled"):
            yield f"{node.name} is not encrypted"
    for node in graph.of("Instance"):
        if node.inputs.get("storageEncrypted") is not True:
            yield f"{node.name} is not encrypted"
    for node in graph.of("Queue"):
        if not (node.inputs.get("sqsManagedSseEnabled") or node.inputs.get("kmsMasterKeyId")):
            yield f"{node.name} is not encrypted"


def with_a_key_of_its_own_everything_uses_it(graph: Graph) -> Iterator[str]:
    if not graph.of("Key"):
        return
    arn = "arn:aws:kms:us-east-1:123456789012:key-key"
    for node in graph.of(
        "FileSystem", "Table", "LogGroup", "Function", "Queue", "Topic", "Vault", "Secret", "Instance"
    ):
        given = node.inputs.get("serverSideEncryption") or node.inputs
        if arn not in (given.get("kmsKeyId"), given.get("kmsKeyArn"), given.get("kmsMasterKeyId")):
            yield f"{node.name} does not use the stack's key"
    for kind, path in KEYS_OF_OBJECTS.items():
        yield from (f"{node.name} does not use the stack's key" for node in graph.of(kind) if node.at(path) != arn)


def no_policy_allows_everything(graph: Graph) -> Iterator[str]:
    for node in graph.of("RolePolicy"):
        for statement in statements(node):
            if statement["Effect"] != "Allow":
                continue
            actions, resources = statement["Action"], statement["Resource"]
            if any("*" in action for action in actions):
                yield f"{node.name} allows {actions}"
            if "*" in resources and not set(actions) <= UNRESTRICTABLE:
                yield f"{node.name} allows {actions} on everything"


def who_deploys_keeps_to_the_stack(graph: Graph) -> Iterator[str]:
    """A policy of its own changes what has the stack's name or tags; elsewhere it only looks, or links AWS's logs."""
    tables = {node.inputs.get("name") for node in graph.of("Table")}
    for node in graph.of("Policy"):
        if len(re.sub(r"\s", "", node.inputs["policy"])) > MOST_POLICY_CHARACTERS:
            yield f"{node.name} is longer than IAM takes"
        stack = {node.inputs["tags"][key] for key in ("Project", "Stack")}
        own = re.compile("[-/]".join(re.escape(node.inputs["tags"][key]) for key in ("Project", "Stack")))
        for statement in statements(node):
            looks = all(re.fullmatch(ONLY_LOOKS, action) for action in statement["Action"])
            named = all(own.search(resource) or _table_of(resource) in tables for resource in statement["Resource"])
            values = statement.get("Condition", {}).get("StringEquals", {})
            tagged = stack <= {str(value) for value in values.values()} or "ec2:CreateAction" in values
            if not (looks or named or tagged or {*statement["Resource"]} & ELSEWHERE):
                yield f"{node.name} allows {statement['Action']} on {statement['Resource']}"


def _table_of(resource: str) -> str:
    return resource.partition(":table/")[2].removesuffix("/*")


def a_bucket_is_private_encrypted_and_reached_over_tls_alone(graph: Graph) -> Iterator[str]:
    guards = {
        "BucketPublicAccessBlock": "restrictPublicBuckets",
        "BucketServerSideEncryptionConfiguration": "rules",
        "BucketOwnershipControls": "rule",
        "BucketLifecycleConfiguration": "rules",
        "BucketPolicy": "policy",
    }
    for bucket in graph.of("Bucket"):
        for kind, needed in guards.items():
            found = [node for node in graph.of(kind) if node.inputs["bucket"] == f"{bucket.name}-id"]
            if not found or not found[0].inputs.get(needed):
                yield f"{bucket.name} has no {kind}"
            elif kind == "BucketPolicy" and "aws:SecureTransport" not in found[0].inputs["policy"]:
                yield f"{bucket.name} is reached in plain text"


def a_bucket_keeps_versions_or_nothing_for_long(graph: Graph) -> Iterator[str]:
    """What is replaced or deleted can be had again, or it stands elsewhere, and goes with the stack and by itself."""
    versioned = {node.inputs["bucket"] for node in graph.of("BucketVersioning")}
    for bucket in graph.of("Bucket"):
        if f"{bucket.name}-id" in versioned:
            continue
        rules = [
            node.at("rules.0.expiration.days")
            for node in graph.of("BucketLifecycleConfiguration")
            if node.inputs["bucket"] == f"{bucket.name}-id"
        ]
        if not bucket.inputs.get("forceDestroy") or not any(rules):
            yield f"{bucket.name} keeps no versions of what it keeps"


def a_queue_is_reached_over_tls_alone_and_open_to_nobody_but_a_bucket_of_this_account(graph: Graph) -> Iterator[str]:
    for queue in graph.of("Queue"):
        url = f"https://sqs.us-east-1.amazonaws.com/123456789012/{queue.name}"
        given = [statements(node) for node in graph.of("QueuePolicy") if node.inputs["queueUrl"] == url]
        denied = [one for policy in given for one in policy if one["Effect"] == "Deny"]
        if not any("aws:SecureTransport" in one["Condition"].get("Bool", {}) for one in denied):
            yield f"{queue.name} is reached in plain text"
        for one in (one for policy in given for one in policy if one["Effect"] == "Allow"):
            conditions = json.dumps(one.get("Condition", {}))
            by_ours = {"Service"} == {*one["Principal"]} and "aws:SourceAccount" in conditions
            if not by_ours or "aws:SourceArn" not in conditions or one["Action"] != ["sqs:SendMessage"]:
                yield f"{queue.name} lets anybody in: {one['Sid']}"


def messages_stay_hidden_while_they_are_worked_on_and_end_somewhere(graph: Graph) -> Iterator[str]:
    """Six times the function's limit, as Lambda asks; and what fails for good is a dead letter, or is one already."""
    queues = {f"arn:aws:sqs:us-east-1:123456789012:{node.name}": node for node in graph.of("Queue")}
    for node in graph.of("EventSourceMapping"):
        if not (queue := queues.get(node.inputs.get("eventSourceArn", ""))):
            continue
        (timeout_s,) = [
            function.inputs["timeout"]
            for function in graph.of("Function")
            if node.inputs["functionName"].endswith(f":{function.name.removesuffix('-function')}-live")
        ]
        if queue.inputs.get("visibilityTimeoutSeconds", 30) < 6 * timeout_s:
            yield f"{queue.name} hands a message out again while it is worked on"
        if not queue.inputs.get("redrivePolicy") and queue.at("redriveAllowPolicy.redrivePermission") != "byQueue":
            yield f"{queue.name} tries a message for ever"
        if node.inputs.get("functionResponseTypes") != ["ReportBatchItemFailures"]:
            yield f"{node.name} fails all messages for one"


def nothing_is_open_to_the_world(graph: Graph) -> Iterator[str]:
    for node in graph.of("SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        if {"cidrIpv4", "cidrIpv6"} & set(node.inputs) or node.inputs["ipProtocol"] == "-1":
            yield f"{node.name} is open to addresses"
    for node in graph.of("SecurityGroup", "DefaultSecurityGroup"):
        if node.inputs.get("ingress") or node.inputs.get("egress"):
            yield f"{node.name} has rules of its own"
    for node in graph.of("InternetGateway", "NatGateway", "EgressOnlyInternetGateway", "Route"):
        if node.type.startswith("aws:ec2"):
            yield f"{node.name} is a way out"


def a_database_is_reached_from_inside_by_tokens_over_tls_and_kept_as_the_table_is(graph: Graph) -> Iterator[str]:
    guarded = any(node.options.get("protect") for node in graph.of("Table"))
    forced = [
        node
        for node in graph.of("ParameterGroup")
        if any((one["name"], one["value"]) == ("rds.force_ssl", "1") for one in node.at("parameters"))
    ]
    for node in graph.of("Instance"):
        if node.inputs.get("publiclyAccessible") is not False or not node.at("dbSubnetGroupName"):
            yield f"{node.name} is reached from outside"
        if node.at("parameterGroupName") not in {other.at("name") for other in forced}:
            yield f"{node.name} is reached in plain text"
        if node.at("password") or not (
            node.at("manageMasterUserPassword") and node.at("iamDatabaseAuthenticationEnabled")
        ):
            yield f"{node.name} has a password that somebody knows"
        kept = (node.options.get("protect"), node.at("deletionProtection"), not node.at("skipFinalSnapshot"))
        if {bool(one) for one in kept} != {guarded}:
            yield f"{node.name} is not guarded as the table is"
    for node in graph.of("Proxy"):
        if node.at("requireTls") is not True or node.at("defaultAuthScheme") != "IAM_AUTH" or node.at("debugLogging"):
            yield f"{node.name} lets others in than tokens over TLS, or writes statements down"


def security_rules_say_what_they_are_for(graph: Graph) -> Iterator[str]:
    for node in graph.of("SecurityGroup", "SecurityGroupIngressRule", "SecurityGroupEgressRule"):
        if not node.inputs.get("description"):
            yield f"{node.name} has no description"


def logs_are_not_kept_for_ever(graph: Graph) -> Iterator[str]:
    for node in graph.of("LogGroup"):
        if not node.inputs.get("retentionInDays"):
            yield f"{node.name} has no retention"
        if node.inputs.get("name", "").startswith("/aws/lambda/"):
            yield f"{node.name} has the name that Lambda uses by itself"


def a_key_outlives_its_stack(graph: Graph) -> Iterator[str]:
    """The data that it encrypts may be kept, or may go on using it when the program no longer names it."""
    for node in graph.of("Key"):
        if not node.options.get("retainOnDelete"):
            yield f"{node.name} is deleted, and all that it encrypts with it"


def what_aws_allows_once_goes_before_its_successor_comes(graph: Graph) -> Iterator[str]:
    """A range in a VPC, a mount target in a zone, a name in a plan."""
    for node in graph.of("Subnet", "MountTarget", "Selection"):
        if not node.options.get("deleteBeforeReplace"):
            yield f"{node.name} is replaced by one that AWS refuses beside it"


def what_nobody_waits_for_leaves_its_failures_somewhere(graph: Graph) -> Iterator[str]:
    """A schedule, a stream, an asynchronous call: without a queue, what fails at last is gone.

    Only calls that are dropped at once may be: the clock makes the next.
    """
    places = {
        "Schedule": "target.deadLetterConfig.arn",
        "EventSourceMapping": "destinationConfig.onFailure.destinationArn",
        "FunctionEventInvokeConfig": "destinationConfig.onFailure.destination",
    }
    for node in graph.of(*places):
        if ":sqs:" in node.inputs.get("eventSourceArn", ""):
            continue  # it has a rule of its own
        is_dropped_at_once = (node.at("maximumRetryAttempts"), node.at("maximumEventAgeInSeconds")) == (0, 60)
        if not node.at(places[node.type.rpartition(":")[2]]) and not is_dropped_at_once:
            yield f"{node.name} loses what fails"


def what_aws_tries_out_waits_for_its_rights(graph: Graph) -> Iterator[str]:
    for node in graph.of("Schedule", "EventSourceMapping", "FunctionEventInvokeConfig", "Selection", "StateMachine"):
        if node.type.endswith(":FunctionEventInvokeConfig") and not node.at("destinationConfig"):
            continue  # there is nothing to try
        rights = {other.urn for other in graph.of("RolePolicy") if other.parent == node.parent}
        if not rights & node.dependencies:
            yield f"{node.name} does not wait for its rights"


def alarms_tell_somebody_when_they_go_off_and_when_they_end(graph: Graph) -> Iterator[str]:
    topics = {f"arn:aws:sns:us-east-1:123456789012:{node.name}" for node in graph.of("Topic")}
    for node in graph.of("MetricAlarm"):
        if not {*node.at("alarmActions")} <= topics or not node.at("alarmActions"):
            yield f"{node.name} tells nobody"
        if node.at("okActions") != node.at("alarmActions"):
            yield f"{node.name} never says that it is over"
        if node.at("treatMissingData") not in ("notBreaching", "breaching") or not node.at("alarmDescription"):
            yield f"{node.name} leaves open what no data means, or what it is about"


def topics_let_nobody_but_named_services_of_this_account_in(graph: Graph) -> Iterator[str]:
    policies = graph.of("TopicPolicy")
    for topic in graph.of("Topic"):
        if not any(node.parent == topic.parent for node in policies):
            yield f"{topic.name} has no policy"
    for node in policies:
        for statement in statements(node):
            is_open = "Service" not in statement["Principal"] or "aws:SourceAccount" not in json.dumps(statement)
            if statement["Effect"] == "Allow" and (is_open or "*" in statement["Resource"]):
                yield f"{node.name} lets anybody in: {statement['Sid']}"


def a_topics_key_lets_those_in_who_tell_it(graph: Graph) -> Iterator[str]:
    """Whatever is told to an encrypted topic by somebody who may not use its key is lost without a word."""
    told_by = {
        statement["Principal"]["Service"]
        for node in graph.of("TopicPolicy")
        for statement in statements(node)
        if statement["Effect"] == "Allow" and "Service" in statement["Principal"]
    }
    for node in graph.of("Key"):
        policy = statements(node) if node.at("policy") else []
        users = {str(statement["Principal"].get("Service")) for statement in policy}
        encrypts = any(topic.at("kmsMasterKeyId") for topic in graph.of("Topic"))
        if encrypts and not told_by <= users:
            yield f"{node.name} keeps {sorted(told_by - users)} out"


def a_throttle_of_a_route_waits_for_the_route(graph: Graph) -> Iterator[str]:
    """AWS refuses the settings of a route that is not there."""
    for stage in graph.of("Stage"):
        routes = {node.at("routeKey"): node.urn for node in graph.of("Route") if node.parent == stage.parent}
        settings: list[dict[str, Any]] = stage.at("routeSettings") or []
        for key in (setting["routeKey"] for setting in settings):
            if routes.get(key) not in stage.dependencies:
                yield f"{stage.name} does not wait for {key}"


def backups_are_of_named_resources_and_last_as_long_as_the_data(graph: Graph) -> Iterator[str]:
    """What guards the table guards its backups; what does not must be able to delete a vault that is not empty."""
    tables = graph.of("Table")
    guarded = [bool(node.options.get("protect")) for node in tables]
    for node in graph.of("Selection"):
        if not node.inputs.get("resources") or any("*" in arn for arn in node.inputs["resources"]):
            yield f"{node.name} selects {node.inputs.get('resources')}"
    for node in graph.of("Selection", "Plan", "Vault"):
        if bool(node.options.get("protect")) not in guarded:
            yield f"{node.name} is not guarded as the table is"
    for node in graph.of("Vault"):
        if bool(node.options.get("protect")) is bool(node.inputs.get("forceDestroy")):
            yield f"{node.name} can be destroyed with what it holds, or never"


def a_subnet_stays_in_its_zone(graph: Graph) -> Iterator[str]:
    for node in graph.of("Subnet"):
        if "availabilityZone" not in node.options.get("ignoreChanges", []):
            yield f"{node.name} moves when another zone comes first"


# The names of a function's rights, of which there are those that the settings ask for, and one at least.
RIGHTS = {
    "warmer": ("invoke",),
    "worker": ("jobs", "lake", "notifications", "table"),
    "sessions": ("table", "secrets"),
    "authorizer": ("table", "secrets"),
    "relational": ("connect", "table"),
    "migrator": ("call", "master"),
}


def _rights_of(graph: Graph, stack: str, function: str) -> list[str]:
    there = {node.name.removeprefix(f"{stack}{function}-") for node in graph.of("RolePolicy")}
    rights = RIGHTS.get(function, ("data",))
    return [name for name in rights if name in there] or [rights[-1]]


def functions_wait_for_what_they_need(graph: Graph) -> Iterator[str]:
    """Names tell what belongs together: command-function, or one-command-function where there are several stacks."""
    for function in graph.of("Function"):
        pattern = rf"(.*?)({'|'.join(FUNCTIONS)})-function"
        stack, own = re.fullmatch(pattern, function.name, re.DOTALL).groups()  # pyright: ignore[reportOptionalMemberAccess]
        in_network = "vpcConfig" in function.inputs
        for node in graph.of("MountTarget", "FileSystemPolicy", "SecurityGroupIngressRule", "SecurityGroupEgressRule"):
            beside = in_network and node.name.startswith((f"{stack}storage-", f"{stack}network-"))
            if beside and node.urn not in function.dependencies:
                yield f"{function.name} does not wait for {node.name}"
        for name in ("identity-logs", "identity-runtime", *_rights_of(graph, stack, own)):
            (node,) = [node for node in graph.of("LogGroup", "RolePolicy") if node.name == f"{stack}{own}-{name}"]
            if node.urn not in function.dependencies:
                yield f"{function.name} does not wait for {node.name}"


def what_a_state_machine_moves_pulumi_leaves_alone(graph: Graph) -> Iterator[str]:
    """Or the next `pulumi up` would move an alias past its test; and an alias that nobody moves would stay for ever."""
    machines = [machine.at("definition.States") for machine in graph.of("StateMachine")]
    tests = [states["Read the order"]["Assign"]["tests"] for states in machines if "Read the order" in states]
    moved = {function for functions in tests for function in functions}
    for node in graph.of("Alias"):
        if "functionVersion" in node.inputs:
            is_left = {"functionVersion", "routingConfig"} <= {*node.options.get("ignoreChanges", [])}
            if is_left != (node.inputs["functionName"] in moved):
                yield f"{node.name} is moved by {'nobody' if is_left else 'two'}"


RULES: tuple[Rule, ...] = (
    every_resource_is_a_child_of_a_component,
    names_begin_with_the_name_of_the_component,
    every_component_registers_its_outputs_once,
    urns_are_unique,
    everything_that_can_have_tags_has_them,
    no_output_is_printed_into_a_text,
    what_stores_is_encrypted,
    with_a_key_of_its_own_everything_uses_it,
    no_policy_allows_everything,
    who_deploys_keeps_to_the_stack,
    a_bucket_is_private_encrypted_and_reached_over_tls_alone,
    a_bucket_keeps_versions_or_nothing_for_long,
    a_queue_is_reached_over_tls_alone_and_open_to_nobody_but_a_bucket_of_this_account,
    messages_stay_hidden_while_they_are_worked_on_and_end_somewhere,
    nothing_is_open_to_the_world,
    a_database_is_reached_from_inside_by_tokens_over_tls_and_kept_as_the_table_is,
    security_rules_say_what_they_are_for,
    logs_are_not_kept_for_ever,
    a_key_outlives_its_stack,
    what_aws_allows_once_goes_before_its_successor_comes,
    a_subnet_stays_in_its_zone,
    functions_wait_for_what_they_need,
    what_nobody_waits_for_leaves_its_failures_somewhere,
    what_aws_tries_out_waits_for_its_rights,
    alarms_tell_somebody_when_they_go_off_and_when_they_end,
    topics_let_nobody_but_named_services_of_this_account_in,
    a_topics_key_lets_those_in_who_tell_it,
    a_throttle_of_a_route_waits_for_the_route,
    backups_are_of_named_resources_and_last_as_long_as_the_data,
    what_a_state_machine_moves_pulumi_leaves_alone,
)


def violations(graph: Graph) -> list[str]:
    """Every broken rule of a graph, as sentences."""
    return [f"{rule.__name__}: {sentence}" for rule in RULES for sentence in rule(graph)]
