/* Every key there is: `config list`, the man page and the check of config.yaml read these rows. */
#include <stddef.h>

#include "base/config.h"

const struct config_key config_keys[] = {
	{ .key = "profile", .type = "text", .help = "profile used when none is named" },
	{ .key = "scope", .type = "prod|staging|dev", .guarded = 1,
		.help = "scope of what no pattern or name tells" },
	{ .key = "scopes", .type = "mapping", .guarded = 1,
		.help = "prod, staging, dev: lists of name patterns of namespaces, accounts and hosts" },
	{ .key = "read_only", .type = "boolean", .initial = "false", .guarded = 1,
		.help = "nothing can be changed" },
	{ .key = "user.role", .type = "text", .guarded = 1, .help = "role policies look at" },
	{ .key = "users", .type = "mapping", .guarded = 1, .help = "roles of people: NAME: {role: sre}" },

	{ .key = "store.path", .type = "file", .environment = "DB_PATH", .guarded = 1,
		.help = "the database; default: pilothouse.db in the state folder" },
	{ .key = "store.keep", .type = "duration", .initial = "7d", .guarded = 1,
		.help = "how long changes are kept" },

	{ .key = "log.level", .type = "error|warn|info|debug", .initial = "warn",
		.environment = "LOG_LEVEL", .help = "what is logged" },
	{ .key = "log.format", .type = "text|json", .initial = "text", .environment = "LOG_FORMAT",
		.help = "shape of log lines" },
	{ .key = "log.file", .type = "file", .guarded = 1,
		.help = "where the log goes; default: stderr, of the console pilothouse.log in the state folder" },

	{ .key = "ui.theme", .type = "text", .initial = "auto", .help = "theme, or auto" },
	{ .key = "ui.ascii", .type = "boolean", .initial = "false", .help = "ASCII glyphs only" },
	{ .key = "ui.mouse", .type = "boolean", .initial = "true", .help = "clicks and wheel" },
	{ .key = "ui.color", .type = "text", .initial = "auto", .help = "auto, none, 8, 16, 256 or true" },
	{ .key = "ui.keys", .type = "mapping", .help = "keys bound otherwise: COMMAND: KEY" },
	{ .key = "ui.dashboard", .type = "list", .help = "widgets of the first screen" },
	{ .key = "ui.banner", .type = "text", .guarded = 1, .help = "words in the title line: what this console is for" },
	{ .key = "ui.welcome", .type = "text", .help = "what the bottom line says at first" },
	{ .key = "ui.confirm_quit", .type = "boolean", .initial = "false", .help = "ask before leaving" },

	{ .key = "host.enabled", .type = "boolean", .initial = "true", .help = "watch this machine" },
	{ .key = "host.logs", .type = "list", .help = "further log files to show, by their whole path" },
	{ .key = "host.tls", .type = "list", .help = "TLS endpoints HOST:PORT to watch" },
	{ .key = "host.certificates", .type = "list", .help = "certificate files and folders to watch" },
	{ .key = "host.init_folder", .type = "file", .guarded = 1, .help = "scripts of services in place of /etc/init.d" },
	{ .key = "host.log_folder", .type = "file", .guarded = 1, .help = "logs in place of /var/log" },
	{ .key = "host.root", .type = "file", .guarded = 1, .help = "a folder in place of /, of a mounted system" },

	{ .key = "kubernetes.enabled", .type = "boolean", .initial = "true", .help = "watch clusters" },
	{ .key = "kubernetes.kubeconfig", .type = "file", .environment = "KUBECONFIG", .guarded = 1,
		.help = "kubeconfig files, separated by ':'" },
	{ .key = "kubernetes.context", .type = "text", .guarded = 1, .help = "context used at start" },
	{ .key = "kubernetes.contexts", .type = "list",
		.help = "contexts the dashboard watches beside the current one" },
	{ .key = "kubernetes.namespace", .type = "text", .guarded = 1,
		.help = "namespace of that context; default: what the kubeconfig says" },

	{ .key = "fleet.path", .type = "file", .guarded = 1,
		.help = "folder of the agents that :fleet and `get agents` show; default: the current one" },
	{ .key = "registry.pypi", .type = "url", .guarded = 1,
		.help = "public mirror of Python packages; default: the public index itself" },
	{ .key = "registry.npm", .type = "url", .guarded = 1,
		.help = "public mirror of npm packages; default: the public registry itself" },

	{ .key = "audit.anchor", .type = "text", .guarded = 1,
		.help = "where checkpoints go: file:PATH, syslog or command:PROGRAM" },
	{ .key = "audit.key", .type = "file", .guarded = 1,
		.help = "what checkpoints are signed with; default: audit.key beside config.yaml" },
	{ .key = "policy.opa", .type = "url", .environment = "OPA_ENDPOINT", .guarded = 1,
		.help = "OPA that is asked before each write" },
	{ .key = "policy.opa_timeout_ms", .type = "integer", .initial = "2000", .guarded = 1,
		.help = "then the answer is no" },
};
const unsigned config_key_count = sizeof(config_keys) / sizeof(*config_keys);

const struct config_later config_later[] = {
	{ "AI_PROVIDER", "model providers" },
	{ "ANTHROPIC_API_KEY", "model providers" },
	{ "OPENAI_API_KEY", "model providers" },
	{ "GEMINI_API_KEY", "model providers" },
	{ "LLM_ENDPOINT", "model providers" },
	{ "ENABLE_REFLECTION", "model providers" },
	{ "MAX_REASONING_CYCLES", "model providers" },
	{ "TARGET_REASONING_SCORE", "model providers" },
	{ "GCP_PROJECT_ID", "GCP" },
	{ "VAULT_URL", "secrets from Vault" },
	{ "API_KEYS", "the HTTP API" },
	{ "ADMIN_KEYS", "the HTTP API" },
	{ "COCKPIT_SECRET_KEY", "the HTTP API" },
	{ "COCKPIT_CORS_ORIGINS", "the HTTP API" },
	{ "WEBSOCKET_URL", "the HTTP API" },
	{ "RATE_LIMIT_REQUESTS", "the HTTP API" },
	{ "RATE_LIMIT_WINDOW_SEC", "the HTTP API" },
	{ "ENABLE_TRACING", "traces by OTLP" },
	{ "REQUIRE_LICENSE", "signed licences" },
	{ "LICENSE_SIGNING_SECRET", "signed licences" },
};
const unsigned config_later_count = sizeof(config_later) / sizeof(*config_later);
