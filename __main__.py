"""The stack: settings → components → outputs."""

from __future__ import annotations

import pulumi

from handlers.routes import (
    AUTHORIZER,
    COMMAND,
    MIGRATOR,
    POSTGRES,
    PROJECTOR,
    QUERY,
    RELATIONAL,
    ROWS,
    SESSIONS,
    SOURCES,
    WARMER,
    WORKER,
)
from infra import background, delivering, fronting, guarding, relating, stack, watching, working
from infra.account import check_account
from infra.compute.archive import warn_without_byte_code
from infra.compute.concurrency import check_concurrency
from infra.foundation.network import NetworkComponent
from infra.settings.stack_settings import read_settings

settings = read_settings()
check_account(settings.allowed_account_ids)
check_concurrency([function.concurrency for function in settings.functions.values()])
warn_without_byte_code(settings.runtime)

key_arn = stack.make_key(settings)
network = stack.make_network(settings, key_arn)
stores = {COMMAND: ["s3"]} if settings.work.jobs else {}
identities = {
    function: stack.make_identity(settings, function, key_arn, stores=stores.get(function, ()))
    for function in (COMMAND, QUERY, PROJECTOR)
}
storage = stack.make_storage(settings, network, identities, key_arn)
backup = stack.make_backup(settings, storage, key_arn)
workplace = working.make_workplace(settings, key_arn)
functions = {
    function: stack.make_function(
        settings,
        function,
        network=network,
        identity=identity,
        storage=storage,
        jobs=workplace.jobs,
        key_arn=key_arn,
    )
    for function, identity in identities.items()
}
edge_key = fronting.make_edge_key(settings, key_arn)
access = guarding.make_access(settings, key_arn)
if access:
    identities[SESSIONS] = guarding.make_guard_identity(settings, SESSIONS, key_arn)
    functions[SESSIONS] = guarding.make_sessions(settings, identities[SESSIONS], access, key_arn)
if AUTHORIZER in settings.functions:
    identities[AUTHORIZER] = guarding.make_guard_identity(settings, AUTHORIZER, key_arn)
    functions[AUTHORIZER] = guarding.make_authorizer(
        settings, identities[AUTHORIZER], access=access, edge_key=edge_key, key_arn=key_arn
    )
guarding.export_guards(functions, access)
relation = relating.make_relation(settings, network, key_arn)
if relation:
    identities[RELATIONAL] = stack.make_identity(settings, RELATIONAL, key_arn)
    identities[MIGRATOR] = relating.make_migrator_identity(settings, key_arn)
    functions[MIGRATOR] = relating.make_migrator(settings, identities[MIGRATOR], relation, key_arn)
    functions[RELATIONAL] = relating.make_relational(
        settings,
        identities[RELATIONAL],
        network=network,
        storage=storage,
        relation=relation,
        migrator=functions[MIGRATOR],
        key_arn=key_arn,
    )
api = stack.make_api(settings, functions, key_arn)
edge = fronting.make_edge(settings, edge_key, api, key_arn)
projection = background.make_projection(settings, functions[PROJECTOR], identities[PROJECTOR], storage, key_arn)
if relation:
    feed = relating.make_feed(
        settings,
        functions[RELATIONAL],
        identities[RELATIONAL],
        storage=storage,
        projection=projection,
        key_arn=key_arn,
    )
    relating.export_relation(relation, functions, feed)
if WARMER in settings.functions:
    identities[WARMER] = stack.make_identity(settings, WARMER, key_arn, in_network=False)
    functions[WARMER] = background.make_warmer(settings, identities[WARMER], functions[QUERY], key_arn)
rebuild = working.make_rebuild(settings, functions[PROJECTOR], key_arn)
if WORKER in settings.functions:
    identities[WORKER] = working.make_worker_identity(settings, key_arn)
    functions[WORKER] = working.make_worker(
        settings, identities[WORKER], storage=storage, workplace=workplace, rebuild=rebuild, key_arn=key_arn
    )
    work = working.make_work(
        settings,
        functions[WORKER],
        identities[WORKER],
        storage=storage,
        workplace=workplace,
        projection=projection,
    )
    working.export_work(workplace, functions[WORKER], rebuild, work)
background.make_schedules(settings, functions, projection, key_arn)
watched = watching.Watched(
    functions=functions,
    api=api,
    storage=storage,
    projection=projection,
    backup=backup,
    jobs=workplace.jobs,
    rebuild=rebuild,
    database=relation.database if relation else None,
)
watch = watching.make_watch(settings, watched, key_arn)
rollout = delivering.make_rollout(settings, functions, key_arn, alarms=watching.alarms_of_calls(watch))
delivering.make_delivery(settings, key_arn)
delivering.make_github(settings)
delivering.export_manifest(functions)

pulumi.export("api_url", api.url)
pulumi.export("api_id", api.api.id)
paths = ("insert", *SOURCES, ROWS, *([POSTGRES] if relation else []))
pulumi.export("endpoints", {path.replace("-", "_"): pulumi.Output.concat(api.url, "/", path) for path in paths})
if api.domain_name:
    pulumi.export("domain_target", api.domain_name.domain_name_configuration.target_domain_name)
fronting.export_edge(settings, edge_key, edge)
pulumi.export("table_name", storage.table.name)
pulumi.export("table_arn", storage.table.arn)
pulumi.export("file_system_id", storage.file_system.id)
pulumi.export("file_system_arn", storage.file_system.arn)
if backup:
    pulumi.export("backup_vault", backup.vault.name)
    pulumi.export("restore_role_arn", backup.restore_role.arn)
pulumi.export("command_function", functions[COMMAND].function.name)
pulumi.export("query_function", functions[QUERY].function.name)
pulumi.export("projector_function", functions[PROJECTOR].function.name)
if projection.mapping:
    pulumi.export("stream_mapping", projection.mapping.id)
pulumi.export("failure_queue_url", projection.queue.url)
pulumi.export("failure_queue_arn", projection.queue.arn)
if rollout:
    pulumi.export("rollout_state_machine_arn", rollout.machine.arn)
pulumi.export("function_arns", {name: function.function.arn for name, function in functions.items()})
pulumi.export("role_arns", {name: identity.role.arn for name, identity in identities.items()})
log_groups = {name: identity.log_group.name for name, identity in identities.items()}
log_groups["access"] = api.log_group.name
if isinstance(network, NetworkComponent) and network.flow_log_group:
    log_groups["flow"] = network.flow_log_group.name
if relation:
    log_groups["database"] = relation.database.log_group.name
if rollout:
    log_groups["rollout"] = rollout.log_group.name
if rebuild:
    log_groups["rebuild"] = rebuild.log_group.name
pulumi.export("log_groups", log_groups)
pulumi.export("vpc_id", network.vpc_id)
pulumi.export("subnet_ids", list(network.subnet_ids.values()))
if watch.topic:
    pulumi.export("alarm_topic_arn", watch.topic.topic.arn)
if watch.dashboard:
    pulumi.export("dashboard_name", watch.dashboard.dashboard.dashboard_name)
if key_arn:
    pulumi.export("key_arn", key_arn)
if settings.protect:  # `pulumi destroy` refuses, and shows the outputs
    pulumi.export("to_destroy", "pulumi config set protect false && pulumi up && pulumi destroy")
