# The front door. Meson does the work; `make help` lists what there is.

BUILD ?= build
PREFIX ?= /usr/local
FUZZ_SECONDS ?= 60
BUILD_TESTS = -Dtests=enabled -Dcli=enabled

all: build-group
	@tools/build $(BUILD) -Dcli=enabled

help:
	@echo "make              build the command and the libraries into $(BUILD)/"
	@echo "make demo         build, then show the main job on a sample program"
	@echo "make test         every test, and again in sanitizer builds"
	@echo "make test-real    tests in guests and against other debuggers"
	@echo "make bench        the measurements (ARGS= chooses rows)"
	@echo "make bench-peers  other debuggers and libraries beside this one, on the same work"
	@echo "make fuzz         each fuzz target for FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "make install      into PREFIX=$(PREFIX), below DESTDIR if set"
	@echo "make docs         write what is generated: headers, tables of methods, commands, dictionary"
	@echo "make format       lay out the C files; format-check only looks"
	@echo "make clean        remove $(BUILD)/"

# What each job needs from the machine; silent when all of it is there.
build-group test-group bench-group peers-group real-group:
	@tools/setup $(@:-group=)

demo: all
	@tools/demo $(BUILD)

test: test-group
	@tools/build $(BUILD) $(BUILD_TESTS)
	@tools/build $(BUILD)/asan $(BUILD_TESTS) -Db_sanitize=address,undefined
	@tools/build $(BUILD)/tsan $(BUILD_TESTS) -Db_sanitize=thread
	@tools/run-tests $(BUILD):unit,contract,golden,corpus,live \
		$(BUILD)/asan:unit,contract,golden,corpus $(BUILD)/tsan:unit,contract,golden,corpus

test-real: real-group
	@tools/build $(BUILD) $(BUILD_TESTS)
	@tools/run-tests --may-be-empty $(BUILD):real

# Without a guest, whose making says why there is none, the rest is measured.
bench: bench-group
	@tools/build $(BUILD) bench/bench
	@$(BUILD)/bench/bench --needs-guest $(ARGS); case $$? in \
	0) BENCH_GUEST=$$(tools/bench-guest $(BUILD) $${BENCH_SIZE:-1G}) && export BENCH_GUEST ;; \
	1) ;; \
	*) exit 2 ;; \
	esac; $(BUILD)/bench/bench $(ARGS)

bench-peers: peers-group
	@tools/build $(BUILD) -Dpeers=enabled bench/bench bench/peer_tmem bench/peer_kdumpfile
	@tools/bench-peers $(BUILD) $(ARGS)

fuzz: test-group
	@CC=clang tools/build $(BUILD)/fuzz -Dfuzz=true -Db_lundef=false \
		-Db_sanitize=address,undefined
	@tools/fuzz $(BUILD)/fuzz $(FUZZ_SECONDS)

install: build-group
	@tools/build $(BUILD) -Dprefix=$(PREFIX)
	@meson install -C $(BUILD) --no-rebuild --quiet
	@[ -n "$(DESTDIR)" ] || [ "$$(id -u)" != 0 ] || ldconfig

docs: all
	@tools/gen-methods
	@tools/gen-dbgeng
	@tools/gen-dbgeng-docs
	@tools/gen-commands $(BUILD)/tmem
	@tools/gen-dict $(BUILD)/tmem

format format-check:
	@tools/format $@

clean:
	rm -rf $(BUILD)

.PHONY: all help build-group test-group bench-group peers-group real-group demo test test-real \
	bench bench-peers fuzz install docs format format-check clean
