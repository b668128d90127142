/* PostgreSQL's client library, loaded when a database of its kind is first spoken to: with Kerberos and LDAP behind it, it is some twenty libraries that
 * nothing else here uses. The functions here have its names and hand each call on. */
#include <libpq-fe.h>
#include <pthread.h>

#include "base/late.h"
#include "store/pq_late.h"

static struct {
	__typeof__(PQclear) *clear;
	__typeof__(PQcmdTuples) *cmd_tuples;
	__typeof__(PQconnectdbParams) *connectdb_params;
	__typeof__(PQerrorMessage) *error_message;
	__typeof__(PQexec) *exec;
	__typeof__(PQexecParams) *exec_params;
	__typeof__(PQfinish) *finish;
	__typeof__(PQgetvalue) *getvalue;
	__typeof__(PQntuples) *ntuples;
	__typeof__(PQresultErrorField) *result_error_field;
	__typeof__(PQresultErrorMessage) *result_error_message;
	__typeof__(PQresultStatus) *result_status;
	__typeof__(PQsetNoticeProcessor) *set_notice_processor;
	__typeof__(PQstatus) *status;
} lib;

static const struct late_symbol symbols[] = {
	{ "PQclear", &lib.clear },
	{ "PQcmdTuples", &lib.cmd_tuples },
	{ "PQconnectdbParams", &lib.connectdb_params },
	{ "PQerrorMessage", &lib.error_message },
	{ "PQexec", &lib.exec },
	{ "PQexecParams", &lib.exec_params },
	{ "PQfinish", &lib.finish },
	{ "PQgetvalue", &lib.getvalue },
	{ "PQntuples", &lib.ntuples },
	{ "PQresultErrorField", &lib.result_error_field },
	{ "PQresultErrorMessage", &lib.result_error_message },
	{ "PQresultStatus", &lib.result_status },
	{ "PQsetNoticeProcessor", &lib.set_notice_processor },
	{ "PQstatus", &lib.status },
};

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int loaded;

static void load(void)
{
	loaded = !late_load(PQ_SONAME, symbols, sizeof(symbols) / sizeof(*symbols));
}

int pq_late_is_there(void)
{
	pthread_once(&once, load);
	return loaded;
}

/* --- a connection --- */

PGconn *PQconnectdbParams(const char *const *keywords, const char *const *values, int expand_dbname)
{
	return lib.connectdb_params(keywords, values, expand_dbname);
}

ConnStatusType PQstatus(const PGconn *connection)
{
	return lib.status(connection);
}

char *PQerrorMessage(const PGconn *connection)
{
	return lib.error_message(connection);
}

PQnoticeProcessor PQsetNoticeProcessor(PGconn *connection, PQnoticeProcessor processor, void *arg)
{
	return lib.set_notice_processor(connection, processor, arg);
}

void PQfinish(PGconn *connection)
{
	if (connection)
		lib.finish(connection);
}

/* --- a question --- */

PGresult *PQexec(PGconn *connection, const char *query)
{
	return lib.exec(connection, query);
}

PGresult *PQexecParams(PGconn *connection, const char *command, int count, const Oid *types, const char *const *values, const int *lengths,
	const int *formats, int result_format)
{
	return lib.exec_params(connection, command, count, types, values, lengths, formats, result_format);
}

/* --- its answer --- */

ExecStatusType PQresultStatus(const PGresult *result)
{
	return lib.result_status(result);
}

char *PQresultErrorMessage(const PGresult *result)
{
	return lib.result_error_message(result);
}

char *PQresultErrorField(const PGresult *result, int field)
{
	return lib.result_error_field(result, field);
}

int PQntuples(const PGresult *result)
{
	return lib.ntuples(result);
}

char *PQgetvalue(const PGresult *result, int row, int column)
{
	return lib.getvalue(result, row, column);
}

char *PQcmdTuples(PGresult *result)
{
	return lib.cmd_tuples(result);
}

void PQclear(PGresult *result)
{
	if (result)
		lib.clear(result);
}
