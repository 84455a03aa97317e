/* SPDX-License-Identifier: Apache-2.0 */
/* control_processor.c - processors, pages, version and times of the system that a target ran on. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "dbgeng/client.h"
#include "dbgeng/text.h"

#define PLATFORM_UNIX 10 /* beside VER_PLATFORM_WIN32_NT, which is 2 */
#define FREE_BUILD    0xf

static const struct processor {
	ULONG type; /* IMAGE_FILE_MACHINE_ */
	const char *name;
	const char *short_name;
} processors[] = {
	{ TMEM_PROCESSOR_I386, "x86 compatible", "x86" },
	{ TMEM_PROCESSOR_AMD64, "x64 compatible", "x64" },
	{ TMEM_PROCESSOR_ARM64, "ARM 64-bit", "ARM64" },
	{ TMEM_PROCESSOR_ARM, "ARM 32-bit", "ARM" },
	{ TMEM_PROCESSOR_RISCV64, "RISC-V 64-bit", "RISCV64" },
	{ TMEM_PROCESSOR_RISCV32, "RISC-V 32-bit", "RISCV32" },
	{ TMEM_PROCESSOR_LOONGARCH64, "LoongArch 64-bit", "LOONGARCH64" },
	{ TMEM_PROCESSOR_POWERPC, "PowerPC", "PPC" },
	{ TMEM_PROCESSOR_MIPS, "MIPS", "MIPS" },
};

#define PROCESSORS (sizeof(processors) / sizeof(processors[0]))

static const struct processor *find_processor(ULONG type)
{
	for (size_t i = 0; i < PROCESSORS; i++) {
		if (processors[i].type == type)
			return &processors[i];
	}
	return NULL;
}

/* What the target is: for the methods that tell one number of it. */
static HRESULT describe(void *This, struct tmem_description *description)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	*description = (struct tmem_description){ .size = sizeof(*description) };
	result = tmi_dbgeng_result(tmem_describe(call.target, description));
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT is_pointer_64_bit(IDebugControl7 *This)
{
	struct tmi_dbgeng_call call;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	if (FAILED(result))
		return result;
	result = tmi_dbgeng_result(tmem_is_pointer64_bit(call.target));
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_type(IDebugControl7 *This, PULONG Type)
{
	struct tmem_description description;
	HRESULT result;

	if (!Type)
		return E_INVALIDARG;
	*Type = 0;
	result = describe(This, &description);
	if (SUCCEEDED(result))
		*Type = description.processor_type;
	return result;
}

/* A target's memory is read as its own processor does: the type can be set to what it is. */
static HRESULT set_effective_type(IDebugControl7 *This, ULONG Type)
{
	struct tmem_description description;
	HRESULT result = describe(This, &description);

	if (FAILED(result))
		return result;
	return Type == description.processor_type ? S_OK : E_INVALIDARG;
}

/* Each machine executes one type. */
static HRESULT get_number_possible_types(IDebugControl7 *This, PULONG Number)
{
	HRESULT result = get_type(This, Number);

	if (SUCCEEDED(result))
		*Number = 1;
	return result;
}

static bool is_part(ULONG start, ULONG count, size_t number)
{
	return start <= number && count <= number - start;
}

static HRESULT get_possible_types(IDebugControl7 *This, ULONG Start, ULONG Count, PULONG Types)
{
	ULONG type;
	HRESULT result;

	if (!Types || !is_part(Start, Count, 1))
		return E_INVALIDARG;
	result = get_type(This, &type);
	if (SUCCEEDED(result) && Count)
		*Types = type;
	return result;
}

static HRESULT get_number_supported_types(IDebugControl7 *This, PULONG Number)
{
	if (!Number)
		return E_INVALIDARG;
	*Number = PROCESSORS;
	return S_OK;
}

static HRESULT get_supported_types(IDebugControl7 *This, ULONG Start, ULONG Count, PULONG Types)
{
	if (!Types || !is_part(Start, Count, PROCESSORS))
		return E_INVALIDARG;
	for (ULONG i = 0; i < Count; i++)
		Types[i] = processors[Start + i].type;
	return S_OK;
}

static HRESULT get_type_names(IDebugControl7 *This, ULONG Type, PSTR FullNameBuffer,
			      ULONG FullNameBufferSize, PULONG FullNameSize, PSTR AbbrevNameBuffer,
			      ULONG AbbrevNameBufferSize, PULONG AbbrevNameSize)
{
	const struct processor *processor = find_processor(Type);

	tmi_dbgeng_zero(FullNameSize);
	tmi_dbgeng_zero(AbbrevNameSize);
	if (!processor)
		return E_INVALIDARG;
	return tmi_dbgeng_worse(tmi_dbgeng_return_text(processor->name, FullNameBuffer,
						       FullNameBufferSize, FullNameSize),
				tmi_dbgeng_return_text(processor->short_name, AbbrevNameBuffer,
						       AbbrevNameBufferSize, AbbrevNameSize));
}

static HRESULT get_type_names_wide(IDebugControl7 *This, ULONG Type, PWSTR FullNameBuffer,
				   ULONG FullNameBufferSize, PULONG FullNameSize,
				   PWSTR AbbrevNameBuffer, ULONG AbbrevNameBufferSize,
				   PULONG AbbrevNameSize)
{
	const struct processor *processor = find_processor(Type);

	tmi_dbgeng_zero(FullNameSize);
	tmi_dbgeng_zero(AbbrevNameSize);
	if (!processor)
		return E_INVALIDARG;
	return tmi_dbgeng_worse(tmi_dbgeng_return_text_wide(processor->name, FullNameBuffer,
							    FullNameBufferSize, FullNameSize),
				tmi_dbgeng_return_text_wide(processor->short_name, AbbrevNameBuffer,
							    AbbrevNameBufferSize, AbbrevNameSize));
}

static HRESULT get_page_size(IDebugControl7 *This, PULONG Size)
{
	struct tmem_description description;
	HRESULT result;

	if (!Size)
		return E_INVALIDARG;
	*Size = 0;
	result = describe(This, &description);
	if (SUCCEEDED(result))
		*Size = description.page_size;
	return result;
}

/* True when the target's processes run on this machine, under this kernel. */
static bool runs_here(const struct tmi_dbgeng_system *system)
{
	return system->live && !system->kernel && strncmp(system->spec, "pid:", 4) == 0;
}

/* Numbers of the machine that @ask knows of this one only; @otherwise elsewhere. */
static HRESULT get_of_machine(IDebugControl7 *This, PULONG number, ULONG (*ask)(void),
			      HRESULT otherwise)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!number)
		return E_INVALIDARG;
	*number = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	if (runs_here(call.system))
		*number = ask();
	else
		result = otherwise;
	return tmi_dbgeng_leave(&call, result);
}

static ULONG count_processors(void)
{
	long number = sysconf(_SC_NPROCESSORS_ONLN);

	return number > 0 ? (ULONG)number : 1;
}

static ULONG seconds_of_day(void)
{
	return (ULONG)time(NULL);
}

static ULONG seconds_up(void)
{
	struct timespec now = { 0 };

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (ULONG)now.tv_sec;
}

/* A stored target does not say how many there were: one is certain. */
static HRESULT get_number_processors(IDebugControl7 *This, PULONG Number)
{
	HRESULT result = get_of_machine(This, Number, count_processors, S_OK);

	if (SUCCEEDED(result) && !*Number)
		*Number = 1;
	return result;
}

static HRESULT get_current_time_date(IDebugControl7 *This, PULONG TimeDate)
{
	return get_of_machine(This, TimeDate, seconds_of_day, E_NOTIMPL);
}

static HRESULT get_current_system_up_time(IDebugControl7 *This, PULONG UpTime)
{
	return get_of_machine(This, UpTime, seconds_up, E_NOTIMPL);
}

static HRESULT get_dump_format_flags(IDebugControl7 *This, PULONG FormatFlags)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!FormatFlags)
		return E_INVALIDARG;
	*FormatFlags = DEBUG_FORMAT_DEFAULT;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);
	if (FAILED(result))
		return result;
	return tmi_dbgeng_leave(&call, call.system->file ? S_OK : E_UNEXPECTED);
}

/* Version of the kernel that the target ran under. */
struct version {
	char release[128]; /* "" = unknown */
	ULONG major;
	ULONG minor;
};

static void find_release(tmem_target *target, struct version *version)
{
	struct tmem_kernel_fact fact = { .size = sizeof(fact) };

	for (uint32_t i = 0; !TMEM_FAILED(tmem_get_kernel_fact(target, i, &fact)); i++) {
		if (fact.value && strcmp(fact.name, "release") == 0)
			snprintf(version->release, sizeof(version->release), "%s", fact.value);
	}
}

static HRESULT get_version(void *This, struct version *version)
{
	struct tmi_dbgeng_call call;
	struct utsname names;
	HRESULT result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET, &call);

	*version = (struct version){ 0 };
	if (FAILED(result))
		return result;
	if (call.system->kernel)
		find_release(call.target, version);
	else if (runs_here(call.system) && uname(&names) == 0)
		snprintf(version->release, sizeof(version->release), "%s", names.release);
	if (sscanf(version->release, "%9u.%9u", &version->major, &version->minor) != 2)
		version->major = version->minor = 0;
	return tmi_dbgeng_leave(&call, result);
}

static HRESULT get_system_version(IDebugControl7 *This, PULONG PlatformId, PULONG Major,
				  PULONG Minor, PSTR ServicePackString, ULONG ServicePackStringSize,
				  PULONG ServicePackStringUsed, PULONG ServicePackNumber,
				  PSTR BuildString, ULONG BuildStringSize, PULONG BuildStringUsed)
{
	struct version version;
	HRESULT result;

	tmi_dbgeng_zero(ServicePackStringUsed);
	tmi_dbgeng_zero(BuildStringUsed);
	if (!PlatformId || !Major || !Minor || !ServicePackNumber)
		return E_INVALIDARG;
	*PlatformId = *Major = *Minor = *ServicePackNumber = 0;
	result = get_version(This, &version);
	if (FAILED(result))
		return result;
	*PlatformId = PLATFORM_UNIX;
	*Major = FREE_BUILD;
	return tmi_dbgeng_worse(tmi_dbgeng_return_text("", ServicePackString, ServicePackStringSize,
						       ServicePackStringUsed),
				tmi_dbgeng_return_text(version.release, BuildString,
						       BuildStringSize, BuildStringUsed));
}

static HRESULT get_system_version_values(IDebugControl7 *This, PULONG PlatformId, PULONG Win32Major,
					 PULONG Win32Minor, PULONG KdMajor, PULONG KdMinor)
{
	struct version version;
	HRESULT result;

	tmi_dbgeng_zero(KdMajor);
	tmi_dbgeng_zero(KdMinor);
	if (!PlatformId || !Win32Major || !Win32Minor)
		return E_INVALIDARG;
	*PlatformId = *Win32Major = *Win32Minor = 0;
	result = get_version(This, &version);
	if (FAILED(result))
		return result;
	*PlatformId = PLATFORM_UNIX;
	*Win32Major = version.major;
	*Win32Minor = version.minor;
	if (KdMajor)
		*KdMajor = FREE_BUILD;
	return S_OK;
}

static HRESULT get_system_version_string(IDebugControl7 *This, ULONG Which, PSTR Buffer,
					 ULONG BufferSize, PULONG StringSize)
{
	struct version version;
	HRESULT result;

	tmi_dbgeng_zero(StringSize);
	if (Which != DEBUG_SYSVERSTR_SERVICE_PACK && Which != DEBUG_SYSVERSTR_BUILD)
		return E_INVALIDARG;
	result = get_version(This, &version);
	if (FAILED(result))
		return result;
	return tmi_dbgeng_return_text(Which == DEBUG_SYSVERSTR_BUILD ? version.release : "", Buffer,
				      BufferSize, StringSize);
}

static HRESULT get_system_version_string_wide(IDebugControl7 *This, ULONG Which, PWSTR Buffer,
					      ULONG BufferSize, PULONG StringSize)
{
	char text[sizeof(((struct version *)0)->release)];
	HRESULT result = get_system_version_string(This, Which, text, sizeof(text), NULL);

	tmi_dbgeng_zero(StringSize);
	return FAILED(result) ? result
			      : tmi_dbgeng_return_text_wide(text, Buffer, BufferSize, StringSize);
}

/* Linux records none. */
static HRESULT read_bug_check_data(IDebugControl7 *This, PULONG Code, PULONG64 Arg1, PULONG64 Arg2,
				   PULONG64 Arg3, PULONG64 Arg4)
{
	struct tmi_dbgeng_call call;
	HRESULT result;

	if (!Code || !Arg1 || !Arg2 || !Arg3 || !Arg4)
		return E_INVALIDARG;
	*Code = 0;
	*Arg1 = *Arg2 = *Arg3 = *Arg4 = 0;
	result = tmi_dbgeng_enter(This, TMI_DBGENG_TARGET | TMI_DBGENG_KERNEL, &call);
	return FAILED(result) ? result : tmi_dbgeng_leave(&call, S_OK);
}

const IDebugControl7Vtbl tmi_dbgeng_part_control_processor = {
	.IsPointer64Bit = is_pointer_64_bit,
	.GetActualProcessorType = get_type,
	.GetExecutingProcessorType = get_type,
	.GetEffectiveProcessorType = get_type,
	.SetEffectiveProcessorType = set_effective_type,
	.GetNumberPossibleExecutingProcessorTypes = get_number_possible_types,
	.GetPossibleExecutingProcessorTypes = get_possible_types,
	.GetNumberSupportedProcessorTypes = get_number_supported_types,
	.GetSupportedProcessorTypes = get_supported_types,
	.GetProcessorTypeNames = get_type_names,
	.GetProcessorTypeNamesWide = get_type_names_wide,
	.GetPageSize = get_page_size,
	.GetNumberProcessors = get_number_processors,
	.GetCurrentTimeDate = get_current_time_date,
	.GetCurrentSystemUpTime = get_current_system_up_time,
	.GetDumpFormatFlags = get_dump_format_flags,
	.GetSystemVersion = get_system_version,
	.GetSystemVersionValues = get_system_version_values,
	.GetSystemVersionString = get_system_version_string,
	.GetSystemVersionStringWide = get_system_version_string_wide,
	.ReadBugCheckData = read_bug_check_data,
};
