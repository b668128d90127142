#include "gate/user.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/json.h"
#include "base/safe.h"

static void copy(char *out, size_t size, const char *text)
{
	safe_copy(out, size, text, strlen(text));
}

/* Behind sudo the person is the one who called it: root names nobody. Only root can have set it truthfully. */
static void read_name(struct user *user)
{
	const char *sudo_user = geteuid() == 0 ? getenv("SUDO_USER") : NULL;
	struct passwd entry, *found = NULL;
	char buffer[4096];

	if (sudo_user && *sudo_user) {
		copy(user->id, sizeof(user->id), sudo_user);
		copy(user->source, sizeof(user->source), "sudo");
		return;
	}
	if (!getpwuid_r(getuid(), &entry, buffer, sizeof(buffer), &found) && found)
		copy(user->id, sizeof(user->id), entry.pw_name);
	else
		snprintf(user->id, sizeof(user->id), "uid-%u", (unsigned)getuid());
	copy(user->source, sizeof(user->source), "os");
}

/* SSH_CONNECTION is "client-ip client-port server-ip server-port" (sshd(8)). */
static void read_address(struct user *user)
{
	const char *connection = getenv("SSH_CONNECTION");

	if (!connection || !*connection)
		return;
	safe_copy(user->address, sizeof(user->address), connection, strcspn(connection, " "));
}

static void read_role(struct user *user, const struct config *config)
{
	const struct json *users = config ? config_tree(config, "users") : NULL;
	const struct json *entry = json_get(users, user->id);
	const char *role = json_text(entry) ? json_text(entry) : json_text(json_get(entry, "role"));

	if (!role && config)
		role = config_get(config, "user.role");
	user->role_is_default = !role && !json_count(users);
	copy(user->role, sizeof(user->role), role ? role : user->role_is_default ? "sre" : "none"); /* who is not among those named has no role */
}

void user_role_text(const struct user *user, char out[64])
{
	snprintf(out, 64, "%s%s", user->role, user->role_is_default ? " by default" : "");
}

void user_current(struct user *user, const struct config *config)
{
	*user = (struct user){ 0 };
	read_name(user);
	read_address(user);
	read_role(user, config);
	if (gethostname(user->host, sizeof(user->host) - 1))
		copy(user->host, sizeof(user->host), "unknown");
}
