/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux_root.c - the kernel's own tables: what makes a guess accepted, and what they show.
 *
 * A guess is a root, a variant of the tables and the distance between the image's virtual and
 * physical addresses. It is accepted when the tables map a known address of the image to where the
 * distance has it, and when the kernel's name, read through them, is not another one.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "os/linux.h"

#define X64_IMAGE      0xffffffff80000000u
#define X64_LINK       0xffffffff81000000u /* where the image is without KASLR */
#define X64_ENTRY_AREA 0xfffffe0000000000u /* cpu_entry_area */
#define RELEASE_OFFSET 130                 /* of release in new_utsname */
/* The image may have holes: pages that were freed after boot. */
#define IMAGE_HOLE (16u << 20)
#define IMAGE_STEP 0x10000u
/* Guesses between two looks at whether the caller wants it stopped. */
#define INTERRUPT_STEP 4096u

bool tmi_linux_root_maps(const struct tmi_os_memory *memory, const struct tmi_linux_root *root,
			 uint64_t virtual_)
{
	uint64_t physical;

	return memory->translate(memory->context, &root->tables, virtual_, &physical) &&
	       physical == virtual_ - root->image_shift;
}

void tmi_linux_root_set(struct tmi_linux_root *root, uint64_t address)
{
	root->tables.kernel_root = address;
	root->tables.root = root->tables.scheme == TMI_SCHEME_ARM64 ? UINT64_MAX : address;
}

bool tmi_linux_root_allowed(const struct tmi_linux *state,
			    const struct tmi_linux_architecture *architecture,
			    const struct tmi_tables *tables)
{
	const struct tmi_linux_choices *choices = &state->choices;

	if (choices->scheme && strcmp(choices->scheme, architecture->name))
		return false;
	return !choices->has_levels || architecture->scheme != TMI_SCHEME_X64 ||
	       choices->levels == tables->levels;
}

bool tmi_linux_root_allows_shift(const struct tmi_linux *state, const struct tmi_linux_root *root)
{
	return !state->choices.has_phys_base || root->tables.scheme != TMI_SCHEME_X64 ||
	       root->image_shift == X64_IMAGE - state->choices.phys_base;
}

void tmi_linux_root_begin(const struct tmi_linux *state,
			  const struct tmi_linux_architecture *architecture, unsigned variant,
			  struct tmi_linux_root *root)
{
	*root = (struct tmi_linux_root){ .architecture = architecture };
	root->tables.scheme = architecture->scheme;
	root->tables.encryption_mask = state->choices.encryption_mask;
	architecture->variant(variant, &root->tables, &root->last_user);
}

/* ---- guesses from VMCOREINFO ---- */

struct guess {
	struct tmi_linux *state;
	const struct tmi_os_memory *memory;
	const struct tmi_vmcoreinfo *info;
	uint64_t stext;
	uint64_t swapper;
	uint64_t memory_end;
	unsigned tried;
	bool interrupted;
	bool other_release; /* tables fit, but the kernel's name is another one */
	uint64_t missing;   /* physical address of a first table that is not in memory, or 0 */
};

/* The release that the tables show is the one of the text, or cannot be read. */
static bool release_agrees(struct guess *guess, const struct tmi_linux_root *root)
{
	const struct tmi_os_memory *memory = guess->memory;
	char wanted[TMI_LINUX_RELEASE_MAX], shown[TMI_LINUX_RELEASE_MAX];
	uint64_t names, offset;

	if (!tmi_vmcoreinfo_symbol(guess->info, "init_uts_ns", &names) ||
	    !tmi_vmcoreinfo_offset(guess->info, "uts_namespace.name", &offset) ||
	    memory->read_virtual(memory->context, &root->tables, names + offset + RELEASE_OFFSET,
				 shown, sizeof(shown)) != TMEM_S_OK)
		return true;
	tmi_vmcoreinfo_copy(guess->info, "OSRELEASE", wanted, sizeof(wanted));
	shown[sizeof(shown) - 1] = 0;
	if (!strcmp(wanted, shown))
		return true;
	guess->other_release = true;
	return false;
}

static bool next_shift(const struct guess *guess, const struct tmi_linux_root *root, unsigned index,
		       uint64_t *shift)
{
	const struct tmi_linux_choices *choices = &guess->state->choices;
	const struct tmi_linux_architecture *architecture = root->architecture;

	if (choices->has_phys_base && architecture->scheme == TMI_SCHEME_X64) {
		*shift = X64_IMAGE - choices->phys_base;
		return index == 0;
	}
	if (!architecture->shift(guess->info, &root->tables, guess->stext, index, shift))
		return false;
	/* Trials end where memory does. */
	return index == 0 || guess->stext - *shift < guess->memory_end;
}

static void note_missing(struct guess *guess, uint64_t address)
{
	const struct tmi_os_memory *memory = guess->memory;
	uint8_t byte;

	if (memory->read_physical(memory->context, address, &byte, 1) != TMEM_S_OK)
		guess->missing = address;
}

static bool try_variant(struct guess *guess, struct tmi_linux_root *root)
{
	const struct tmi_linux_choices *choices = &guess->state->choices;

	for (unsigned i = 0; !guess->interrupted && next_shift(guess, root, i, &root->image_shift);
	     i++) {
		tmi_linux_root_set(root, choices->has_root ? choices->root
							   : guess->swapper - root->image_shift);
		guess->tried++;
		note_missing(guess, root->tables.kernel_root);
		if (tmi_linux_root_maps(guess->memory, root, guess->stext) &&
		    release_agrees(guess, root))
			return true;
		if (i % INTERRUPT_STEP == INTERRUPT_STEP - 1)
			guess->interrupted = guess->memory->interrupted(guess->memory->context);
	}
	return false;
}

static bool try_architecture(struct guess *guess, const struct tmi_linux_architecture *architecture,
			     struct tmi_linux_root *root)
{
	uint64_t mask = 0;

	tmi_vmcoreinfo_number(guess->info, "sme_mask", &mask);
	for (unsigned v = 0; v < architecture->variant_count; v++) {
		tmi_linux_root_begin(guess->state, architecture, v, root);
		if (!guess->state->choices.has_encryption_mask)
			root->tables.encryption_mask = mask;
		if (tmi_linux_root_allowed(guess->state, architecture, &root->tables) &&
		    (guess->state->choices.has_levels ||
		     !architecture->excluded(guess->info, &root->tables)) &&
		    try_variant(guess, root))
			return true;
	}
	return false;
}

/* Why a text was of no use, kept as a fact. */
static void refuse_info(struct guess *guess)
{
	char release[TMI_LINUX_RELEASE_MAX];

	tmi_vmcoreinfo_copy(guess->info, "OSRELEASE", release, sizeof(release));
	if (guess->other_release)
		tmi_linux_refused(guess->state, "VMCOREINFO",
				  "it says release %s, but the kernel in memory has another one",
				  release);
	else if (!guess->tried)
		tmi_linux_refused(guess->state, "VMCOREINFO",
				  "release %s: page tables of a kind that is not known here, or "
				  "that the options exclude",
				  release);
	else if (guess->missing && guess->tried == 1)
		tmi_linux_refused(guess->state, "VMCOREINFO",
				  "release %s: its first table would be at physical 0x%" PRIx64
				  ", which is not in this memory; of an image base=ADDR or "
				  "hole=SIZE may be missing",
				  release, guess->missing);
	else
		tmi_linux_refused(guess->state, "VMCOREINFO",
				  "release %s: no table of %u guesses, the first table being "
				  "swapper_pg_dir 0x%" PRIx64 ", maps _stext 0x%" PRIx64
				  " to its place in the image",
				  release, guess->tried, guess->swapper, guess->stext);
}

bool tmi_linux_root_from_info(struct tmi_linux *state, const struct tmi_os_memory *memory,
			      const struct tmi_vmcoreinfo *info, struct tmi_linux_root *root,
			      bool *interrupted)
{
	struct guess guess = {
		.state = state,
		.memory = memory,
		.info = info,
		.memory_end = tmi_linux_memory_end(memory),
	};

	*interrupted = false;
	if (!tmi_vmcoreinfo_symbol(info, "swapper_pg_dir", &guess.swapper) ||
	    !tmi_vmcoreinfo_symbol(info, "_stext", &guess.stext)) {
		tmi_linux_refused(state, "VMCOREINFO",
				  "it lacks SYMBOL(swapper_pg_dir) or SYMBOL(_stext)");
		return false;
	}
	for (size_t i = 0; i < tmi_linux_architecture_count; i++) {
		const struct tmi_linux_architecture *architecture = &tmi_linux_architectures[i];

		if (architecture->applies(info) && try_architecture(&guess, architecture, root))
			return true;
	}
	*interrupted = guess.interrupted;
	if (!guess.interrupted)
		refuse_info(&guess);
	return false;
}

/* ---- what accepted tables show ---- */

/* How far the image is mapped from @inside on, upwards or downwards. */
static uint64_t image_extent(const struct tmi_os_memory *memory, const struct tmi_linux_root *root,
			     uint64_t inside, bool up)
{
	const struct tmi_linux_architecture *architecture = root->architecture;
	uint64_t here = inside & ~(uint64_t)(IMAGE_STEP - 1), best = here, hole = 0;

	for (uint64_t far = 0; far < architecture->image_reach && hole < IMAGE_HOLE;
	     far += IMAGE_STEP) {
		if (up ? here > architecture->image_last - IMAGE_STEP
		       : here < architecture->image_first + IMAGE_STEP ||
				    here < root->tables.kernel_first + IMAGE_STEP)
			break;
		here = up ? here + IMAGE_STEP : here - IMAGE_STEP;
		if (tmi_linux_root_maps(memory, root, here)) {
			best = here;
			hole = 0;
		} else {
			hole += IMAGE_STEP;
		}
	}
	return up ? best + IMAGE_STEP - 1 : best;
}

/*
 * Page table isolation: the page after the first table is the table that runs in user mode. It
 * maps cpu_entry_area as the kernel's does, and not the kernel's data.
 */
static bool is_isolated(const struct tmi_os_memory *memory, const struct tmi_linux_root *root)
{
	struct tmi_linux_root user = *root;
	uint64_t address, user_address;

	if (root->tables.scheme != TMI_SCHEME_X64 || root->tables.kernel_root & 0x1000)
		return false;
	tmi_linux_root_set(&user, root->tables.kernel_root | 0x1000);
	return memory->translate(memory->context, &root->tables, X64_ENTRY_AREA, &address) &&
	       memory->translate(memory->context, &user.tables, X64_ENTRY_AREA, &user_address) &&
	       address == user_address &&
	       !tmi_linux_root_maps(memory, &user, root->tables.kernel_root + root->image_shift);
}

/* Entries of pages without access hold the inverted frame since 4.18. */
static bool has_inverted(const struct tmi_linux *state)
{
	const char *release = state->release;
	unsigned major = 0, minor = 0;

	if (state->root.tables.scheme != TMI_SCHEME_X64 &&
	    state->root.tables.scheme != TMI_SCHEME_X86_PAE)
		return false;
	if (state->choices.has_inverted)
		return state->choices.inverted;
	/* Of a kernel whose release is not known the newer is more likely. */
	return sscanf(release, "%u.%u", &major, &minor) != 2 || major > 4 ||
	       (major == 4 && minor >= 18);
}

static void set_flags(struct tmi_linux *state, const struct tmi_os_memory *memory)
{
	struct tmi_tables *tables = &state->root.tables;

	if (is_isolated(memory, &state->root)) {
		tables->flags |= TMI_TABLES_ISOLATED;
		tmi_linux_fact_text(state, "page table isolation", "on",
				    "a user copy of the tables stands at the root + 0x1000: it "
				    "maps cpu_entry_area and not the kernel's data");
	} else if (tables->scheme == TMI_SCHEME_X64) {
		tmi_linux_fact_text(state, "page table isolation", "off",
				    "no user copy of the tables stands at the root + 0x1000");
	}
	if (has_inverted(state)) {
		tables->flags |= TMI_TABLES_INVERTED_NONE;
		tmi_linux_fact_text(state, "inverted frames", "on",
				    state->choices.has_inverted
					    ? "option inverted"
					    : "x86 kernels since 4.18 invert the frame of a page "
					      "without access");
	}
}

static void fill_kernel(struct tmi_linux *state)
{
	const struct tmi_linux_root *root = &state->root;
	const struct tmi_linux_architecture *architecture = root->architecture;
	char levels[32] = "";

	if (root->tables.levels)
		snprintf(levels, sizeof(levels), ", %u levels", root->tables.levels);
	else if (root->tables.virtual_bits)
		snprintf(levels, sizeof(levels), ", %u bits", root->tables.virtual_bits);
	snprintf(state->text, sizeof(state->text), "Linux %s, %s%s",
		 state->release[0] ? state->release : "of unknown release", architecture->name,
		 levels);
	state->kernel = (struct tmi_os_kernel){
		.machine = architecture->machine,
		.processor_type = architecture->processor_type,
		.pointer_size = architecture->pointer_size,
		.page_size = 4096,
		.tables = root->tables,
		.last_user = root->last_user,
		.data_offset = state->init_task,
		.text = state->text,
	};
}

static void root_facts(struct tmi_linux *state, const char *evidence)
{
	const struct tmi_linux_root *root = &state->root;
	char number[16];

	tmi_linux_fact_text(state, "scheme", root->architecture->name, "the tables that fit");
	tmi_linux_fact_address(state, "root", root->tables.kernel_root, "%s", evidence);
	if (root->tables.levels) {
		snprintf(number, sizeof(number), "%u", root->tables.levels);
		tmi_linux_fact_text(state, "levels", number, "the tables that fit");
	}
	if (root->tables.virtual_bits) {
		snprintf(number, sizeof(number), "%u", root->tables.virtual_bits);
		tmi_linux_fact_text(state, "virtual address bits", number, "the tables that fit");
	}
	if (root->tables.scheme == TMI_SCHEME_X64)
		tmi_linux_fact_address(state, "phys_base", X64_IMAGE - root->image_shift,
				       "the same tables map the image to its place with it");
	else if (root->tables.scheme == TMI_SCHEME_ARM64)
		tmi_linux_fact_address(state, "kimage_voffset", root->image_shift,
				       "the same tables map the image to its place with it");
	if (root->tables.encryption_mask)
		tmi_linux_fact_address(state, "sme_mask", root->tables.encryption_mask,
				       "VMCOREINFO");
	tmi_linux_fact_address(state, "image", state->image_first,
			       "the tables map it, with holes, up to 0x%" PRIx64,
			       state->image_last);
}

void tmi_linux_root_accept(struct tmi_linux *state, const struct tmi_os_memory *memory,
			   const struct tmi_linux_root *root, uint64_t inside, const char *evidence)
{
	state->root = *root;
	state->found = true;
	state->image_first = image_extent(memory, root, inside, false);
	state->image_last = image_extent(memory, root, inside, true);
	root_facts(state, evidence);
	set_flags(state, memory);
	fill_kernel(state);
}

tmem_status tmi_linux_check_kaslr(struct tmi_linux *state)
{
	const struct tmi_linux_choices *choices = &state->choices;
	const char *evidence = "VMCOREINFO";
	uint64_t offset;
	bool known = state->info.size &&
		     tmi_vmcoreinfo_hexadecimal(&state->info, "KERNELOFFSET", &offset);

	if (!known && state->root.tables.scheme == TMI_SCHEME_X64) {
		offset = state->image_first - X64_LINK;
		evidence = "the image begins that far behind its usual place";
		known = true;
	}
	if (known)
		tmi_linux_fact_address(state, "KASLR offset", offset, "%s", evidence);
	if (!choices->has_kaslr || (known && offset == choices->kaslr))
		return TMEM_S_OK;
	return tmi_fail_text(TMEM_E_INVALIDARG,
			     known ? "option kaslr=0x%" PRIx64 ": the image was moved by 0x%" PRIx64
				   : "option kaslr=0x%" PRIx64
				     ": what the image was moved by cannot be checked here",
			     choices->kaslr, known ? offset : 0);
}
