// A process whose floating-point and vector registers hold values that nothing changes: after
// `ready` it spins without a call. floating64, and floating32 from the same source (i386).
//
// Stack of the x87 from the top: 1, log2(e), pi. The 64-bit program has 99aabbccddeeff01
// 1122334455667788 in xmm5 and xmm15, and rounds down (mxcsr 3fa0, with its precision flag).

#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

int main(void)
{
	// Whatever becomes of the test, this one does not spin for ever.
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	alarm(120);
	puts("ready");
	fflush(stdout);
#ifdef __x86_64__
	static const uint64_t vector[2] = { 0x1122334455667788, 0x99aabbccddeeff01 };
	static const uint32_t control = 0x3fa0;

	__asm__ volatile("fninit; fldpi; fldl2e; fld1;"
			 "movdqu %0, %%xmm5; movdqu %0, %%xmm15; ldmxcsr %1;"
			 "1: pause; jmp 1b"
			 :
			 : "m"(vector), "m"(control));
#else
	__asm__ volatile("fninit; fldpi; fldl2e; fld1; 1: pause; jmp 1b");
#endif
	return 0;
}
