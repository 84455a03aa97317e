/* SPDX-License-Identifier: Apache-2.0 */
/*
 * contract.c - runs every check over every fixture of every registered target kind.
 *
 * A kind without a fixture fails. Arguments: patterns of test names, "core/" or "read_prefix".
 */
#include "contract/contract.h"

static const struct fixture_type *const fixture_tables[] = {
	fixtures_synth,
	fixtures_core,
	fixtures_process,
	fixtures_kernel,
};

static const struct check *const check_tables[] = {
	checks_read,         checks_write,     checks_batch,
	checks_view,         checks_pointers,  checks_fill,
	checks_strings,      checks_regions,   checks_query,
	checks_search,       checks_physical,  checks_events,
	checks_context,      checks_arguments, checks_cache,
	checks_overlay,      checks_long,      checks_target,
	checks_random,       checks_translate, checks_physical_search,
	checks_frames,       checks_alias,     checks_implicit,
	checks_search_kinds,
};

/* One check of one fixture. */
struct job {
	const struct fixture_type *type;
	const struct check *check;
	char name[96];
};

static struct job *jobs;
static size_t job_count;

static void add_job(const struct fixture_type *type, const struct check *check, const char *name)
{
	struct job *job;

	jobs = realloc(jobs, (job_count + 1) * sizeof(*jobs));
	if (!jobs)
		abort();
	job = &jobs[job_count++];
	*job = (struct job){ .type = type, .check = check };
	snprintf(job->name, sizeof(job->name), "%s/%s", name,
		 check ? check->name : "has_a_fixture");
}

static void add_fixture(const struct fixture_type *type)
{
	unsigned mode = type->kernel ? TMEM_MODE_KERNEL : TMEM_MODE_USER;

	for (size_t i = 0; i < COUNT(check_tables); i++)
		for (const struct check *check = check_tables[i]; check->name; check++)
			if (!check->mode || check->mode == mode)
				add_job(type, check, type->name);
}

static void add_kind(void *context, const char *name, const char *text)
{
	bool *found = context;

	*found = false;
	for (size_t i = 0; i < COUNT(fixture_tables); i++)
		for (const struct fixture_type *type = fixture_tables[i]; type->kind; type++)
			if (!strcmp(type->kind, name)) {
				*found = true;
				add_fixture(type);
			}
	if (!*found)
		add_job(NULL, NULL, name);
}

static void begin(struct fixture *fixture, const struct fixture_type *type)
{
	struct model_shape second = type->shape;
	tmem_status status;

	second.large = 0;
	*fixture = (struct fixture){ .type = type };
	model_init(&fixture->model, &type->shape, 1);
	if (type->second)
		model_init(&fixture->second, &second, 2);
	if (type->kernel) {
		/* The upper half is the kernel's, whoever runs. */
		model_share(&fixture->second, &fixture->model, "top");
		layout_init(&fixture->layout, type->kernel, &fixture->model, &fixture->second);
	}
	if (!type->begin(fixture))
		fail_msg("the fixture could not be made");
	status = tmem_open(fixture->spec, fixture->options, &fixture->target);
	if (status != TMEM_S_OK)
		fail_msg("%s does not open: %s", fixture->spec, tmem_last_error(NULL));
}

static void end(struct fixture *fixture)
{
	tmem_close(fixture->target);
	if (fixture->type)
		fixture->type->end(fixture);
	layout_fini(&fixture->layout);
	model_fini(&fixture->second);
	model_fini(&fixture->model);
}

/* The fixture of the running test: a failed assertion jumps out, the teardown cleans up. */
static struct fixture current;

static int set_up(void **state)
{
	return 0;
}

static int tear_down(void **state)
{
	end(&current);
	current = (struct fixture){ 0 };
	return 0;
}

static void run_job(void **state)
{
	const struct job *job = *state;

	if (!job->type)
		fail_msg("no fixture in tests/contract/ makes a target of this kind");
	begin(&current, job->type);
	job->check->run(&current);
}

static bool is_wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strstr(name, argv[i]))
			return true;
	return argc < 2;
}

int main(int argc, char **argv)
{
	struct CMUnitTest *tests;
	size_t count = 0;
	bool found;
	int failed;

	tmem_list_kinds(add_kind, &found);
	tests = calloc(job_count, sizeof(*tests));
	if (!tests)
		abort();
	for (size_t i = 0; i < job_count; i++)
		if (is_wanted(jobs[i].name, argc, argv))
			tests[count++] = (struct CMUnitTest){ jobs[i].name, run_job, set_up,
							      tear_down, &jobs[i] };
	failed = _cmocka_run_group_tests("contract", tests, count, NULL, NULL);
	free(tests);
	free(jobs);
	return failed;
}
