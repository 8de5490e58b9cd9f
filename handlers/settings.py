"""The functions' environment, read once.

`VARIABLES` is the whole list; the stack's program, the local stack and the documentation take their names from it.
"""

from __future__ import annotations

from handlers.routes import HOMES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

READ_AUTHS = OPEN, IAM, JWT, SESSION = ("none", "iam", "jwt", "session")
EDGES = NO_EDGE, CLOUDFRONT = ("none", "cloudfront")
EDGE_KEY_HEADER = "x-origin-key"  # CloudFront adds no header whose name begins with x-edge- or x-amz-
PROJECTIONS = SYNC, STREAM, BOTH = ("sync", "stream", "both")
DATABASE_AUTHS = BY_IAM, BY_TRUST = ("iam", "trust")
SWITCH = ("on", "off")
MOST_WARM = 20  # sandboxes of the query function: one small warmer wakes them all at once
# (name, default)
VARIABLES: tuple[tuple[str, str], ...] = (
    ("TABLE_NAME", ""),  # DynamoDB table that holds the ledger; needed by everything that talks to DynamoDB
    ("EFS_DIR", "/mnt/efs"),  # where the file system with the snapshots is mounted
    ("TMP_DIR", "/tmp"),  # noqa: S108 - Lambda's own disk for segments that are built or copied
    ("CHECK_INTERVAL_MS", "1000"),  # how often a sandbox looks for a newer snapshot; 0 = at every request
    ("RETAIN_S", "3600"),  # seconds that superseded segments are kept; never less than 60
    ("VERIFY_MAX_BYTES", "16777216"),  # largest segment that is hashed in full before sqlite-efs uses it
    ("PROJECTION", "both"),  # who publishes: sync, the insert; stream, the projector; both
    ("FULL_VERIFICATION", "0"),  # 1 = maintenance reads the whole ledger once a day, and holds every segment against it
    ("SQL", "on"),  # off = POST /…/sql is refused
    ("REQUEST_LOG_PERCENT", "5"),  # of the requests that succeed have their line in the log; all others always have
    ("METRICS", "off"),  # on = every request has its line, and CloudWatch takes metrics from it
    ("JOBS_BUCKET", ""),  # S3 bucket of the files to import; nothing = there are no jobs
    ("JOBS_QUEUE_URL", ""),  # queue of the worker's messages
    ("DEAD_LETTERS_ARN", ""),  # queue of those that failed too often
    ("REBUILD_MACHINE_ARN", ""),  # state machine of the rebuild
    ("LAKE_BUCKET", ""),  # S3 bucket of the data lake; nothing = there is none
    ("TOPIC_ARN", ""),  # topic of the notifications
    ("NOTIFICATIONS", "off"),  # on = what is published, or found to have diverged, is put down for the topic
    ("READ_AUTH", "none"),  # who may read: none = everybody; iam, jwt or session, whom the gateway lets through
    ("EDGE", "none"),  # cloudfront = the gateway stands behind an edge, which says where a visitor comes from
    ("EDGE_KEY_ARN", ""),  # secret that the edge sends with each request; nothing = nobody asks for it
    ("SHARED_MAX_AGE_S", "0"),  # how long a shared cache may give away an answer that may change, in seconds
    ("SESSIONS_TABLE", ""),  # DynamoDB table of access codes and sessions; nothing = there are none
    ("SESSION_KEY_ARN", ""),  # secret that keys the hashes of codes and sessions
    ("SESSION_MINUTES", "720"),  # how long a session lasts
    ("DB_PROVIDER", "sqlite-efs"),  # the home that GET /rows answers from
    ("POSTGRES", "off"),  # on = there is PostgreSQL, and a function that answers its routes
    ("DATABASE_URL", ""),  # PostgreSQL, as postgresql://user@host:port/database; nothing = there is none
    ("DATABASE_PROXY", ""),  # host of the proxy before it; nothing = there is none
    ("DATABASE_AUTH", "iam"),  # how to log in: iam, by a token and TLS; trust, by the name alone, on one's own machine
    ("MASTER_SECRET_ARN", ""),  # secret of the database's master user, for the migrator alone
    ("RELATIONAL_FUNCTION", ""),  # name or ARN of the function that sets the database up, when the migrator asks for it
    ("AWS_REGION", ""),  # region of the table; set by Lambda
    ("AWS_LAMBDA_FUNCTION_NAME", ""),  # the function's name, in its lines in the log; set by Lambda
    ("AWS_LAMBDA_FUNCTION_VERSION", ""),  # and its version, likewise
    ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", ""),  # the function's memory in MB, shown by /health; set by Lambda
)


class SettingsError(ValueError):
    """An environment variable has a value that cannot be used; the message names it."""


class Settings:
    """The settings that the environment gives, with types. Raises SettingsError for a value that cannot be used."""

    __slots__ = (
        "check_interval_s",
        "database_auth",
        "database_proxy",
        "database_url",
        "dead_letters_arn",
        "edge",
        "edge_key_arn",
        "efs_dir",
        "full_verification",
        "function_name",
        "function_version",
        "has_metrics",
        "has_notifications",
        "has_postgres",
        "has_sql",
        "jobs_bucket",
        "jobs_queue_url",
        "lake_bucket",
        "master_secret_arn",
        "memory_mb",
        "projection",
        "provider",
        "read_auth",
        "rebuild_machine_arn",
        "region",
        "relational_function",
        "request_log_percent",
        "retain_s",
        "session_key_arn",
        "session_s",
        "sessions_table",
        "shared_max_age_s",
        "table_name",
        "tmp_dir",
        "topic_arn",
        "verify_max_bytes",
    )

    def __init__(self, environ: Mapping[str, str]) -> None:
        values = {name: environ.get(name, "") or default for name, default in VARIABLES}
        self.table_name = values["TABLE_NAME"]
        self.efs_dir = values["EFS_DIR"]
        self.tmp_dir = values["TMP_DIR"]
        self.check_interval_s = _integer(values, "CHECK_INTERVAL_MS", 0) / 1000
        self.retain_s = _integer(values, "RETAIN_S", 0)
        self.verify_max_bytes = _integer(values, "VERIFY_MAX_BYTES", 0)
        self.projection = _choice(values, "PROJECTION", PROJECTIONS)
        self.full_verification = _choice(values, "FULL_VERIFICATION", ("0", "1")) == "1"
        self.has_sql = _choice(values, "SQL", SWITCH) == "on"
        self.request_log_percent = _integer(values, "REQUEST_LOG_PERCENT", 0)
        self.has_metrics = _choice(values, "METRICS", SWITCH) == "on"
        self.jobs_bucket = values["JOBS_BUCKET"]
        self.jobs_queue_url = values["JOBS_QUEUE_URL"]
        self.dead_letters_arn = values["DEAD_LETTERS_ARN"]
        self.rebuild_machine_arn = values["REBUILD_MACHINE_ARN"]
        self.lake_bucket = values["LAKE_BUCKET"]
        self.topic_arn = values["TOPIC_ARN"]
        self.has_notifications = _choice(values, "NOTIFICATIONS", SWITCH) == "on"
        self.read_auth = _choice(values, "READ_AUTH", READ_AUTHS)
        self.edge = _choice(values, "EDGE", EDGES)
        self.edge_key_arn = values["EDGE_KEY_ARN"]
        self.shared_max_age_s = _integer(values, "SHARED_MAX_AGE_S", 0)
        self.sessions_table = values["SESSIONS_TABLE"]
        self.session_key_arn = values["SESSION_KEY_ARN"]
        self.session_s = _integer(values, "SESSION_MINUTES", 1) * 60
        self.provider = _choice(values, "DB_PROVIDER", HOMES)
        self.has_postgres = _choice(values, "POSTGRES", SWITCH) == "on"
        self.database_url = values["DATABASE_URL"]
        self.database_proxy = values["DATABASE_PROXY"]
        self.database_auth = _choice(values, "DATABASE_AUTH", DATABASE_AUTHS)
        self.master_secret_arn = values["MASTER_SECRET_ARN"]
        self.relational_function = values["RELATIONAL_FUNCTION"]
        self.region = values["AWS_REGION"]
        self.function_name = values["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = values["AWS_LAMBDA_FUNCTION_VERSION"]
        memory = "AWS_LAMBDA_FUNCTION_MEMORY_SIZE"
        self.memory_mb = _integer(values, memory, 1) if values[memory] else None


def table_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of a function that cannot do without the table. Raises SettingsError."""
    settings = Settings(environ)
    if not settings.table_name:
        raise SettingsError("TABLE_NAME: got nothing, allowed: the name of a DynamoDB table")
    return settings


def sessions_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of a function that cannot do without codes and sessions. Raises SettingsError."""
    settings = Settings(environ)
    if not settings.sessions_table:
        raise SettingsError("SESSIONS_TABLE: got nothing, allowed: the name of a DynamoDB table")
    if not settings.session_key_arn:
        raise SettingsError("SESSION_KEY_ARN: got nothing, allowed: the ARN of a secret")
    return settings


def relational_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of the function that cannot do without the table and PostgreSQL. Raises SettingsError."""
    settings = table_settings(environ)
    if not settings.database_url:
        raise SettingsError("DATABASE_URL: got nothing, allowed: postgresql://user@host:port/database")
    return settings


def migrator_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of the function that sets the database up. Raises SettingsError."""
    settings = Settings(environ)
    if not settings.master_secret_arn:
        raise SettingsError("MASTER_SECRET_ARN: got nothing, allowed: the ARN of a secret")
    if not settings.relational_function:
        raise SettingsError("RELATIONAL_FUNCTION: got nothing, allowed: a function's name or ARN")
    return settings


def authorizer_settings(environ: Mapping[str, str]) -> Settings:
    """Return the settings of the authorizer, which has something to ask for. Raises SettingsError."""
    settings = Settings(environ)
    if settings.read_auth == SESSION:
        return sessions_settings(environ)
    if not settings.edge_key_arn:
        raise SettingsError("EDGE_KEY_ARN: got nothing, allowed: the ARN of a secret, or READ_AUTH=session")
    return settings


def _choice(values: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    if values[name] not in allowed:
        raise SettingsError(f"{name}: got {values[name]!r}, allowed: {', '.join(allowed)}")
    return values[name]


def _integer(values: Mapping[str, str], name: str, minimum: int) -> int:
    text = values[name]
    if not (text.isascii() and text.isdigit()) or int(text) < minimum:
        raise SettingsError(f"{name}: got {text!r}, allowed: an integer of {minimum} or more")
    return int(text)
