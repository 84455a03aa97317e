/* SPDX-License-Identifier: Apache-2.0 */
/* core_memory.c - reading, lending and listing the memory of a core; see core.h. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "target/core.h"

/* Where the bytes of a stretch come from; every address belongs to exactly one stretch. */
struct source {
	uint64_t first;
	uint64_t last;              /* inclusive */
	struct tmi_file *file;      /* NULL: nowhere */
	uint64_t file_offset;       /* of first */
	uint64_t file_end;          /* from there on zeros are read, not the file */
	const struct core_row *row; /* what is mapped there; NULL = nothing with a name */
	struct core_image *image;   /* of the row; NULL = anonymous */
	uint32_t flags;             /* enum tmi_elf_segment_flags */
	uint8_t from;               /* enum tmem_virtual_source */
	uint8_t reason;             /* enum tmem_reason, for INVALID */
};

/* Bytes that the file has by now. Only ever goes down. */
static uint64_t file_size(struct core *core)
{
	return atomic_load_explicit(&core->size, memory_order_relaxed);
}

/* The file was found shorter: the table's answers follow from its new size. */
static void measure_again(struct core *core)
{
	uint_fast64_t old = file_size(core);
	struct stat info;

	if (fstat(core->file.fd, &info) < 0)
		return;
	while ((uint64_t)info.st_size < old &&
	       !atomic_compare_exchange_weak(&core->size, &old, (uint64_t)info.st_size))
		continue;
}

size_t tmi_core_stored(void *state, uint64_t address, void *buffer, size_t size)
{
	struct core *core = state;
	struct core_piece piece;
	size_t done = 0;

	while (done < size && tmi_core_table_find(&core->table, file_size(core), address, &piece) &&
	       piece.stored) {
		uint64_t skip = address - piece.first;
		uint64_t there = piece.last - address;
		size_t part = there < size - done ? (size_t)there + 1 : size - done;
		size_t got = tmi_file_read(&core->file, piece.file_offset + skip,
					   (uint8_t *)buffer + done, part);

		done += got;
		address += got;
		if (got < part || address == 0)
			break;
	}
	return done;
}

/* Private memory that was written is in the core, as far as the stack of the first thread tells. */
static bool holds_written_pages(struct core *core)
{
	const struct core_thread *thread = core->notes.threads;
	struct core_piece piece;

	return core->notes.thread_count && thread->has_stack_pointer &&
	       tmi_core_table_find(&core->table, file_size(core), thread->stack_pointer, &piece) &&
	       piece.stored;
}

/* Cuts the stretch around @address to [low, high], which holds @address too. */
static void narrow(struct source *source, uint64_t low, uint64_t high)
{
	if (source->first < low) {
		source->file_offset += low - source->first;
		source->first = low;
	}
	if (source->last > high)
		source->last = high;
}

/*
 * A page of a private mapping that was written became anonymous; it is left out only when all
 * such pages are. Then what may have been written must not come from the file.
 */
static bool may_be_written(struct core *core, uint64_t address, struct source *source)
{
	const struct core_image *image = source->image;
	uint64_t page_mask = ~(core->page_size - 1);
	uint64_t first = image->relro & page_mask;
	uint64_t last = (image->relro + image->relro_size - 1) | ~page_mask;

	if (holds_written_pages(core))
		return false;
	if (source->flags & (TMI_ELF_W | CORE_FLAGS_UNKNOWN))
		return true;
	if (!image->relro_size || last < first)
		return false;
	if (address < first)
		narrow(source, 0, first - 1);
	else if (address > last)
		narrow(source, last + 1, UINT64_MAX);
	else
		narrow(source, first, last);
	return address >= first && address <= last;
}

/* Cuts to where the file of the row has the offsets [low, high], which hold that of @address. */
static void narrow_offsets(struct source *source, uint64_t address, uint64_t offset, uint64_t low,
			   uint64_t high)
{
	uint64_t before = offset - low;
	uint64_t behind = high - offset;

	narrow(source, before < address ? address - before : 0,
	       tmi_add_saturating(address, behind));
}

/* Left out of the core: the local file may have it. */
static void try_image(struct core *core, uint64_t address, struct source *source)
{
	struct core_image *image = source->image;
	uint64_t offset = source->row->file_offset + (address - source->row->first);
	uint64_t end;

	if (!image || !image->is_elf || !tmi_core_image_supplies(core, image) ||
	    may_be_written(core, address, source))
		return;
	/* Behind the end of the file the rest of its last page is zeros. */
	end = (image->file.size + core->page_size - 1) & ~(core->page_size - 1);
	if (offset >= end) {
		narrow_offsets(source, address, offset, end, UINT64_MAX);
		source->reason = TMEM_REASON_PAST_END_OF_FILE;
		return;
	}
	narrow_offsets(source, address, offset, 0, end - 1);
	source->file = &image->file;
	source->file_offset = offset - (address - source->first);
	source->file_end = image->file.size;
	source->from = TMEM_VSOURCE_MAPPED_IMAGE;
	source->reason = TMEM_REASON_NONE;
}

/* Cuts to the row that holds @address, or to the gap between rows. */
static void find_row(struct core *core, uint64_t address, struct source *source)
{
	struct core_names *names = tmi_core_names(core);
	const struct core_row *row;

	if (!names)
		return;
	row = tmi_core_names_find(names, address);
	if (row && row->first <= address) {
		narrow(source, row->first, row->last);
		source->row = row;
		source->image = row->image == CORE_NO_IMAGE ? NULL : &names->images[row->image];
		return;
	}
	if (row)
		narrow(source, 0, row->first - 1);
	else
		row = names->rows + names->row_count;
	if (row > names->rows)
		narrow(source, row[-1].last + 1, UINT64_MAX);
}

/*
 * The piece that holds @address. A mapping of a file may be in no segment: tools leave out what
 * they do not dump. False: nothing is mapped there; *next is what follows, when *more.
 */
static bool find_piece(struct core *core, uint64_t address, struct core_piece *piece, bool *more,
		       uint64_t *next)
{
	struct core_names *names;
	const struct core_row *row;

	*more = false;
	if (tmi_core_table_find(&core->table, file_size(core), address, piece))
		return true;
	names = tmi_core_names(core);
	row = names ? tmi_core_names_find(names, address) : NULL;
	if (row && row->first <= piece->last && row->image != CORE_NO_IMAGE) {
		*more = row->first > address;
		*next = row->first;
		piece->first = piece->first > row->first ? piece->first : row->first;
		piece->last = piece->last < row->last ? piece->last : row->last;
		piece->flags = row->flags;
		piece->reason = TMEM_REASON_EXCLUDED;
		return !*more;
	}
	*more = piece->last < core->highest;
	*next = piece->last + 1;
	return false;
}

/* The stretch around @address, which is in @piece. @named: cut to what has one name. */
static void describe(struct core *core, const struct core_piece *piece, uint64_t address,
		     bool named, struct source *source)
{
	memset(source, 0, sizeof(*source));
	source->first = piece->first;
	source->last = piece->last;
	source->flags = piece->flags;
	source->reason = (uint8_t)piece->reason;
	source->file_offset = piece->file_offset;
	if (piece->stored) {
		source->file = &core->file;
		source->file_end = UINT64_MAX;
		source->from = TMEM_VSOURCE_DEBUGGEE;
	}
	if (named || piece->reason == TMEM_REASON_EXCLUDED)
		find_row(core, address, source);
	if (source->row && piece->reason == TMEM_REASON_EXCLUDED)
		try_image(core, address, source);
}

/* Where the byte at @address comes from; false: nothing is mapped there. */
static bool find_source(struct core *core, uint64_t address, struct source *source)
{
	struct core_piece piece;
	uint64_t next;
	bool more;

	if (!find_piece(core, address, &piece, &more, &next)) {
		memset(source, 0, sizeof(*source));
		source->reason = TMEM_REASON_NOT_MAPPED;
		return false;
	}
	describe(core, &piece, address, false, source);
	return true;
}

/* Says why the byte at @address cannot be read. */
static tmem_status explain(struct core *core, uint64_t address, struct source *source)
{
	const struct core_image *image = source->image;
	tmem_status status = tmi_fail(TMEM_E_READ_FAULT, source->reason, address);

	if (source->reason != TMEM_REASON_EXCLUDED || !image || !image->is_elf)
		return status;
	if (image->refusal)
		return tmi_wrap_text(status, "%s", image->refusal);
	if (may_be_written(core, address, source))
		return tmi_wrap_text(status, "%s may have been written there", image->path);
	return status;
}

/* Copies at most to where the kind of bytes changes; 0 when the file was cut. */
static size_t copy(const struct source *source, uint64_t address, uint8_t *buffer, size_t size)
{
	uint64_t offset = source->file_offset + (address - source->first);
	uint64_t there = source->last - address;

	if (there < size)
		size = (size_t)there + 1;
	if (offset >= source->file_end) {
		memset(buffer, 0, size);
		return size;
	}
	if (size > source->file_end - offset)
		size = (size_t)(source->file_end - offset);
	return tmi_file_read(source->file, offset, buffer, size);
}

static tmem_status read_item(struct core *core, struct tmem_transfer *item)
{
	uint64_t address = item->offset;
	struct source source;

	item->done = 0;
	if (item->size == 0)
		return TMEM_S_OK;
	while (find_source(core, address, &source) && source.from != TMEM_VSOURCE_INVALID) {
		size_t got = copy(&source, address, (uint8_t *)item->buffer + item->done,
				  item->size - item->done);

		item->done += got;
		address += got;
		if (got == 0) {
			measure_again(core);
			source.reason = TMEM_REASON_TRUNCATED;
			break;
		}
		if (item->done == item->size || address == 0)
			break; /* all of it, or the top of the address space */
	}
	return item->done ? TMEM_S_OK : explain(core, address, &source);
}

tmem_status tmi_core_read(void *state, uint32_t space, struct tmem_transfer *items, size_t count,
			  uint32_t flags)
{
	for (size_t i = 0; i < count; i++)
		items[i].status = read_item(state, &items[i]);
	return TMEM_S_OK;
}

/* Lends [first, first + size) of a file. */
static bool lend(struct tmi_file *file, uint64_t offset, uint64_t first, uint64_t size,
		 struct tmi_borrow *borrow)
{
	borrow->data = tmi_file_view(file, offset, size);
	borrow->first = first;
	borrow->last = first + (size - 1);
	borrow->truncated = &file->truncated;
	return borrow->data != NULL;
}

/* What is not in the core, or cut off it. */
static __attribute__((noinline)) bool view_elsewhere(struct core *core, uint64_t address,
						     struct tmi_borrow *borrow)
{
	struct source source;
	uint64_t size;

	if (!find_source(core, address, &source) || source.from == TMEM_VSOURCE_INVALID)
		return false;
	size = source.file_end - source.file_offset;
	if (size > source.last - source.first)
		size = source.last - source.first + 1;
	if (address - source.first >= size)
		return false; /* zeros behind the end of a file */
	return lend(source.file, source.file_offset, source.first, size, borrow);
}

/* What the core holds itself needs no names: every small read that is new comes here. */
bool tmi_core_view(void *state, uint32_t space, uint64_t address, struct tmi_borrow *borrow)
{
	struct core *core = state;
	const struct core_segment *segment = tmi_core_table_search(&core->table, address);
	uint64_t offset = segment->place >> 3;
	uint64_t size = file_size(core);
	uint64_t held = offset < size ? size - offset : 0;

	if (segment->stored < held)
		held = segment->stored;
	if (space != 0)
		return false;
	if (address - segment->first >= held || !core->file.map || tmi_file_truncated(&core->file))
		return view_elsewhere(core, address, borrow);
	borrow->data = core->file.map + offset;
	borrow->first = segment->first;
	borrow->last = segment->first + (held - 1);
	borrow->truncated = &core->file.truncated;
	return true;
}

static uint32_t protection(uint32_t flags, bool copy_on_write)
{
	static const uint8_t plain[] = {
		TMEM_PAGE_NOACCESS,          TMEM_PAGE_EXECUTE,           TMEM_PAGE_READWRITE,
		TMEM_PAGE_EXECUTE_READWRITE, TMEM_PAGE_READONLY,          TMEM_PAGE_EXECUTE_READ,
		TMEM_PAGE_READWRITE,         TMEM_PAGE_EXECUTE_READWRITE,
	};
	uint32_t result = plain[flags & 7];

	if (flags & CORE_FLAGS_UNKNOWN)
		return 0;
	if (!copy_on_write || !(flags & TMI_ELF_W))
		return result;
	return result == TMEM_PAGE_READWRITE ? TMEM_PAGE_WRITECOPY : TMEM_PAGE_EXECUTE_WRITECOPY;
}

static void fill_run(struct core *core, const struct source *source, struct tmi_run *run)
{
	const struct core_image *image = source->image;

	memset(run, 0, sizeof(*run));
	run->first = source->first;
	run->last = source->last;
	run->name = source->row ? source->row->name : "";
	run->state = TMEM_MEM_COMMIT;
	run->source = source->from;
	run->reason = source->reason;
	/* A core does not tell private from shared; programs and libraries are mapped privately. */
	run->protect = protection(source->flags, image && image->is_elf);
	run->type = strcmp(run->name, "[vdso]") ? TMEM_MEM_PRIVATE : TMEM_MEM_IMAGE;
	if (image) {
		run->type = image->is_elf ? TMEM_MEM_IMAGE : TMEM_MEM_MAPPED;
		run->file_offset = source->row->file_offset + (source->first - source->row->first);
		run->file_id = (uint64_t)source->row->image + 1;
	}
}

/* The run that holds @from or the next one; false when there is none. */
static bool make_run(struct core *core, uint64_t from, struct tmi_run *run)
{
	struct core_piece piece;
	struct source source;
	uint64_t next;
	bool more;

	/* At most twice: what is said to follow is there. */
	while (!find_piece(core, from, &piece, &more, &next)) {
		if (!more || next <= from)
			return false;
		from = next;
	}
	describe(core, &piece, from, true, &source);
	fill_run(core, &source, run);
	return true;
}

tmem_status tmi_core_run(void *state, uint32_t space, uint64_t from, struct tmi_run *run)
{
	if (space != 0 || !make_run(state, from, run))
		return TMEM_E_NO_MORE_ENTRIES;
	return TMEM_S_OK;
}

static void free_snapshot(struct tmi_snapshot *snapshot)
{
	free((void *)(uintptr_t)snapshot->runs);
	free(snapshot);
}

/* Every run from the lowest address on. */
static struct tmi_run *list_runs(struct core *core, size_t *count)
{
	size_t room = core->table.count + core->table.count / 2 + 16;
	struct tmi_run *runs = malloc(room * sizeof(*runs));
	uint64_t from = 0;

	*count = 0;
	while (runs && make_run(core, from, &runs[*count])) {
		uint64_t last = runs[(*count)++].last;
		struct tmi_run *more = runs;

		if (last == UINT64_MAX)
			break;
		from = last + 1;
		if (*count == room) {
			room *= 2;
			more = realloc(runs, room * sizeof(*runs));
			if (!more)
				free(runs);
		}
		runs = more;
	}
	return runs;
}

static struct tmi_snapshot *make_snapshot(struct core *core)
{
	struct tmi_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->runs = list_runs(core, &snapshot->count);
	if (!snapshot->runs) {
		free(snapshot);
		return NULL;
	}
	atomic_init(&snapshot->references, 1);
	snapshot->free = free_snapshot;
	return snapshot;
}

/*
 * The list is made once and again only when the file was cut. It is made without the lock, which
 * names and images need; of two made at a time one is thrown away.
 */
tmem_status tmi_core_snapshot(void *state, uint32_t space, struct tmi_snapshot **snapshot)
{
	struct core *core = state;
	uint64_t size = file_size(core);
	struct tmi_snapshot *made;

	*snapshot = NULL;
	pthread_mutex_lock(&core->lock);
	if (core->snapshot && core->snapshot_size == size)
		*snapshot = tmi_snapshot_hold(core->snapshot);
	pthread_mutex_unlock(&core->lock);
	if (*snapshot)
		return TMEM_S_OK;
	made = make_snapshot(core);
	if (!made)
		return tmi_fail(TMEM_E_OUTOFMEMORY, TMEM_REASON_NONE, 0);
	pthread_mutex_lock(&core->lock);
	tmi_snapshot_release(core->snapshot);
	core->snapshot = tmi_snapshot_hold(made);
	core->snapshot_size = size;
	pthread_mutex_unlock(&core->lock);
	*snapshot = made;
	return TMEM_S_OK;
}

/* Dumps are written sparse: what is a hole of the file was never touched or was all zeros. */
bool tmi_core_untouched(void *state, uint32_t space, const struct tmi_run *run, uint64_t from,
			uint64_t last, uint64_t *end)
{
	struct core *core = state;
	struct core_piece piece;
	uint64_t length;
	bool hole;

	*end = last;
	if (!core->file.sparse ||
	    !tmi_core_table_find(&core->table, file_size(core), from, &piece) || !piece.stored)
		return false;
	if (last > piece.last)
		last = piece.last;
	hole = tmi_file_hole(&core->file, piece.file_offset + (from - piece.first),
			     tmi_add_saturating(last - from, 1), &length);
	*end = length ? from + (length - 1) : last;
	return hole && length;
}
