/* What SQLite alone takes for the rows of a filled database: the same rows, into tables without any key, index or check.
 *
 *	make build/bench/floor && build/bench/floor FILLED.db NEW.db
 *
 * Rows of events and event_details, in transactions of 2048 of each, WAL and synchronous=NORMAL as the store has them. Reading
 * the filled database isn't counted. One line: events, seconds, seconds of CPU.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <sqlite3.h>

#define BATCH 2048
#define COLUMNS_MAX 64

struct table {
	const char *name;
	sqlite3_stmt *read, *write;
	int columns;
};

static sqlite3_value *values[BATCH][COLUMNS_MAX];

static void check(sqlite3 *db, int rc)
{
	if (rc == SQLITE_OK || rc == SQLITE_ROW || rc == SQLITE_DONE)
		return;
	fprintf(stderr, "floor: %s\n", sqlite3_errmsg(db));
	exit(1);
}

static double seconds(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void open_table(sqlite3 *from, sqlite3 *to, struct table *t)
{
	char *sql = sqlite3_mprintf("SELECT * FROM %s ORDER BY rowid", t->name);
	check(from, sqlite3_prepare_v2(from, sql, -1, &t->read, NULL));
	sqlite3_free(sql);
	t->columns = sqlite3_column_count(t->read);
	if (t->columns > COLUMNS_MAX)
		exit(1);
	char *marks = sqlite3_mprintf("?"), *names = sqlite3_mprintf("c0");
	for (int i = 1; i < t->columns; i++) {
		marks = sqlite3_mprintf("%z,?", marks);
		names = sqlite3_mprintf("%z,c%d", names, i);
	}
	sql = sqlite3_mprintf("CREATE TABLE %s (%z)", t->name, names);
	check(to, sqlite3_exec(to, sql, NULL, NULL, NULL));
	sqlite3_free(sql);
	sql = sqlite3_mprintf("INSERT INTO %s VALUES (%z)", t->name, marks);
	check(to, sqlite3_prepare_v2(to, sql, -1, &t->write, NULL));
	sqlite3_free(sql);
}

static int read_batch(sqlite3 *from, struct table *t)
{
	int rows = 0, rc = SQLITE_ROW;
	while (rows < BATCH && (rc = sqlite3_step(t->read)) == SQLITE_ROW) {
		for (int i = 0; i < t->columns; i++)
			values[rows][i] = sqlite3_value_dup(sqlite3_column_value(t->read, i));
		rows++;
	}
	check(from, rc);
	return rows;
}

static void write_batch(sqlite3 *to, struct table *t, int rows)
{
	for (int row = 0; row < rows; row++) {
		for (int i = 0; i < t->columns; i++)
			sqlite3_bind_value(t->write, i + 1, values[row][i]);
		check(to, sqlite3_step(t->write));
		sqlite3_reset(t->write);
	}
}

int main(int argc, char **argv)
{
	struct table tables[] = { { "events", NULL, NULL, 0 }, { "event_details", NULL, NULL, 0 } };
	sqlite3 *from, *to;
	double wall = 0, cpu = 0;
	int64_t events = 0;
	if (argc != 3) {
		fprintf(stderr, "usage: floor FILLED.db NEW.db\n");
		return 2;
	}
	check(NULL, sqlite3_open_v2(argv[1], &from, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, NULL));
	check(NULL, sqlite3_open_v2(argv[2], &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
	check(to, sqlite3_exec(to, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL", NULL, NULL, NULL));
	for (int i = 0; i < 2; i++)
		open_table(from, to, &tables[i]);
	/* Tables of as many rows; a statement that is stepped again after its end begins anew. */
	for (int rows = BATCH; rows == BATCH;) {
		for (int i = 0; i < 2; i++) {
			rows = read_batch(from, &tables[i]);
			double wall_before = seconds(CLOCK_MONOTONIC), cpu_before = seconds(CLOCK_PROCESS_CPUTIME_ID);
			check(to, sqlite3_exec(to, i ? "SELECT 1" : "BEGIN IMMEDIATE", NULL, NULL, NULL));
			write_batch(to, &tables[i], rows);
			check(to, sqlite3_exec(to, i ? "COMMIT" : "SELECT 1", NULL, NULL, NULL));
			wall += seconds(CLOCK_MONOTONIC) - wall_before;
			cpu += seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_before;
			for (int row = 0; row < rows; row++) {
				for (int k = 0; k < tables[i].columns; k++)
					sqlite3_value_free(values[row][k]);
			}
			events += i == 0 ? rows : 0;
		}
	}
	for (int i = 0; i < 2; i++) {
		sqlite3_finalize(tables[i].read);
		sqlite3_finalize(tables[i].write);
	}
	sqlite3_close(from);
	sqlite3_close(to);
	printf("%" PRId64 " %.3f %.3f\n", events, wall, cpu);
	return 0;
}
