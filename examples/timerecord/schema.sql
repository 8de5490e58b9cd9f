-- A time-recording application's database, as such an application has it.
CREATE TABLE tenants (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    created_at DATETIME NOT NULL
);

CREATE TABLE users (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant_id INTEGER REFERENCES tenants (id) ON DELETE SET NULL,
    email VARCHAR(254) NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('member', 'manager', 'admin')),
    failed_logins INTEGER NOT NULL DEFAULT 0,
    locked_until DATETIME,
    is_active BOOLEAN NOT NULL DEFAULT 1,
    created_at DATETIME NOT NULL,
    updated_at DATETIME NOT NULL
);
CREATE INDEX users_by_tenant ON users (tenant_id);

CREATE TABLE role_codes (
    code CHAR(16) PRIMARY KEY,
    tenant_id INTEGER NOT NULL REFERENCES tenants (id) ON DELETE CASCADE,
    role TEXT NOT NULL CHECK (role IN ('member', 'manager', 'admin')),
    max_uses INTEGER NOT NULL CHECK (max_uses > 0),
    uses INTEGER NOT NULL DEFAULT 0,
    expires_at DATETIME,
    is_disabled BOOLEAN NOT NULL DEFAULT 0,
    created_at DATETIME NOT NULL
);
CREATE INDEX role_codes_by_tenant ON role_codes (tenant_id, expires_at);

CREATE TABLE password_resets (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE,
    expires_at DATETIME NOT NULL,
    used_at DATETIME
);
CREATE INDEX password_resets_by_user ON password_resets (user_id);

CREATE TABLE work_sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    started_at DATETIME NOT NULL,
    ended_at DATETIME,
    break_minutes INTEGER NOT NULL DEFAULT 0,
    hourly_rate DECIMAL(8, 2),
    note TEXT,
    is_approved BOOLEAN NOT NULL DEFAULT 0
);
CREATE INDEX work_sessions_by_user ON work_sessions (user_id, started_at);
CREATE INDEX work_sessions_open ON work_sessions (user_id) WHERE ended_at IS NULL;

CREATE TABLE login_sessions (
    token TEXT PRIMARY KEY,
    user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    created_at INTEGER NOT NULL, -- seconds since 1970
    expires_at INTEGER NOT NULL -- likewise
) WITHOUT ROWID;
CREATE INDEX login_sessions_by_user ON login_sessions (user_id);
