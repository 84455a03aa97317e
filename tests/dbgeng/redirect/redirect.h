/* SPDX-License-Identifier: Apache-2.0 */
/*
 * redirect.h - sends the checks of tests/contract/ through the interfaces of dbgeng.h.
 *
 * The sources of the checks are compiled a second time with this file included before everything
 * else. Each handle that they open belongs to a session of its own with one client; a function
 * that has a method is that method of the client. The others work on the handle as before.
 */
#ifndef TESTS_DBGENG_REDIRECT_H
#define TESTS_DBGENG_REDIRECT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <tmem.h>

/* Opening, and what has no method but another answer here; see handles.c. */
typeof(tmem_open) redirect_open;
typeof(tmem_target_dup) redirect_target_dup;
typeof(tmem_last_error) redirect_last_error;

#define X(name) typeof(tmem_##name) redirect_##name;
#include "redirect.def"
#undef X

/*
 * redirect_may_change() - whether a function without a method may change the target now.
 * From inside a callback the interfaces refuse every change; the C API would not notice, because
 * sessions tell their clients after it has returned.
 */
bool redirect_may_change(void);

/* Counts a call of a function without a method, tells the sessions' events, returns @status. */
tmem_status redirect_changed(const char *name, tmem_status status);

/* The checks' main() and the start of cmocka; see main.c. */
int redirect_contract_main(int argc, char **argv);
int redirect_run_group_tests(const char *name, const struct CMUnitTest *tests, size_t count,
			     CMFixtureFunction set_up, CMFixtureFunction tear_down);

/* The interfaces' side sees the functions as they are. */
#ifndef REDIRECT_INSIDE

#define main                    redirect_contract_main
#define _cmocka_run_group_tests redirect_run_group_tests

#define tmem_open       redirect_open
#define tmem_target_dup redirect_target_dup
#define tmem_last_error redirect_last_error

#define tmem_describe            redirect_describe
#define tmem_close               redirect_close
#define tmem_is_pointer64_bit    redirect_is_pointer64_bit
#define tmem_set_interrupt       redirect_set_interrupt
#define tmem_get_interrupt       redirect_get_interrupt
#define tmem_set_event_callbacks redirect_set_event_callbacks
#define tmem_get_event_callbacks redirect_get_event_callbacks

#define tmem_read_virtual           redirect_read_virtual
#define tmem_read_virtual_uncached  redirect_read_virtual_uncached
#define tmem_write_virtual          redirect_write_virtual
#define tmem_write_virtual_uncached redirect_write_virtual_uncached
#define tmem_read_pointers_virtual  redirect_read_pointers_virtual
#define tmem_write_pointers_virtual redirect_write_pointers_virtual
#define tmem_fill_virtual           redirect_fill_virtual
#define tmem_search_virtual         redirect_search_virtual
#define tmem_search_virtual2        redirect_search_virtual2

#define tmem_read_multi_byte_string_virtual      redirect_read_multi_byte_string_virtual
#define tmem_read_multi_byte_string_virtual_wide redirect_read_multi_byte_string_virtual_wide
#define tmem_read_unicode_string_virtual         redirect_read_unicode_string_virtual
#define tmem_read_unicode_string_virtual_wide    redirect_read_unicode_string_virtual_wide

#define tmem_get_offset_information   redirect_get_offset_information
#define tmem_get_valid_region_virtual redirect_get_valid_region_virtual
#define tmem_get_next_differently_valid_offset_virtual                                             \
	redirect_get_next_differently_valid_offset_virtual
#define tmem_query_virtual redirect_query_virtual

#define tmem_read_physical       redirect_read_physical
#define tmem_read_physical2      redirect_read_physical2
#define tmem_write_physical      redirect_write_physical
#define tmem_write_physical2     redirect_write_physical2
#define tmem_fill_physical       redirect_fill_physical
#define tmem_virtual_to_physical redirect_virtual_to_physical
#define tmem_get_virtual_translation_physical_offsets                                              \
	redirect_get_virtual_translation_physical_offsets

#define tmem_get_number_processes             redirect_get_number_processes
#define tmem_get_process_ids_by_index         redirect_get_process_ids_by_index
#define tmem_get_current_process_id           redirect_get_current_process_id
#define tmem_set_current_process_id           redirect_set_current_process_id
#define tmem_get_current_process_system_id    redirect_get_current_process_system_id
#define tmem_get_process_id_by_system_id      redirect_get_process_id_by_system_id
#define tmem_get_process_executable_name      redirect_get_process_executable_name
#define tmem_get_implicit_process_data_offset redirect_get_implicit_process_data_offset
#define tmem_set_implicit_process_data_offset redirect_set_implicit_process_data_offset

#define tmem_get_number_threads      redirect_get_number_threads
#define tmem_get_thread_ids_by_index redirect_get_thread_ids_by_index
#define tmem_get_current_thread_id   redirect_get_current_thread_id
#define tmem_set_current_thread_id   redirect_set_current_thread_id

#define tmem_get_number_modules        redirect_get_number_modules
#define tmem_get_module_by_index       redirect_get_module_by_index
#define tmem_get_module_by_offset      redirect_get_module_by_offset
#define tmem_get_module_by_module_name redirect_get_module_by_module_name

#define CHANGE(function, ...)                                                                      \
	(redirect_may_change() ? redirect_changed(#function, function(__VA_ARGS__))                \
			       : redirect_changed(#function, TMEM_E_UNEXPECTED))

#define tmem_write_virtual_batch(...)  CHANGE(tmem_write_virtual_batch, __VA_ARGS__)
#define tmem_write_physical_batch(...) CHANGE(tmem_write_physical_batch, __VA_ARGS__)
#define tmem_overlay_discard(...)      CHANGE(tmem_overlay_discard, __VA_ARGS__)
#define tmem_set_directory_base(...)   CHANGE(tmem_set_directory_base, __VA_ARGS__)
#define tmem_suspend(...)              CHANGE(tmem_suspend, __VA_ARGS__)
#define tmem_resume(...)               CHANGE(tmem_resume, __VA_ARGS__)
#define tmem_attach_process(...)       CHANGE(tmem_attach_process, __VA_ARGS__)
#define tmem_detach_process(...)       CHANGE(tmem_detach_process, __VA_ARGS__)

#endif

#endif
