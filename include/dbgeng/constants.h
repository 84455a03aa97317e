/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constants.h - names for the numbers of the interfaces, by the method that takes them.
 *
 * All that the interfaces define is here, also for methods that are not offered, so that programs
 * compile. docs/dbgeng.md says which values have an effect.
 */
#ifndef DBGENG_CONSTANTS_H
#define DBGENG_CONSTANTS_H

/* clang-format off */

/* An engine id that stands for none, any or all, as the method says. */
#define DEBUG_ANY_ID 0xffffffffu

/* An address that stands for none: the Base of a module that was not found. */
#define DEBUG_INVALID_OFFSET ((ULONG64)-1)

/* AttachKernel: how the kernel is reached. One of these, not bits. */
#define DEBUG_ATTACH_KERNEL_CONNECTION 0x00000000
#define DEBUG_ATTACH_LOCAL_KERNEL      0x00000001
#define DEBUG_ATTACH_EXDI_DRIVER       0x00000002
#define DEBUG_ATTACH_INSTALL_DRIVER    0x00000004

/*
 * AttachProcess: bits. NO_SUSPEND and ALLOW_PARTIAL go with NONINVASIVE, EXISTING with none, the
 * INVASIVE ones not with NONINVASIVE.
 */
#define DEBUG_ATTACH_DEFAULT                   0x00000000
#define DEBUG_ATTACH_NONINVASIVE               0x00000001
#define DEBUG_ATTACH_EXISTING                  0x00000002
#define DEBUG_ATTACH_NONINVASIVE_NO_SUSPEND    0x00000004
#define DEBUG_ATTACH_INVASIVE_NO_INITIAL_BREAK 0x00000008
#define DEBUG_ATTACH_INVASIVE_RESUME_PROCESS   0x00000010
#define DEBUG_ATTACH_NONINVASIVE_ALLOW_PARTIAL 0x00000020

/* GetRunningProcessSystemIdByExecutableName: the whole path must match; only one may match. */
#define DEBUG_GET_PROC_DEFAULT      0x00000000
#define DEBUG_GET_PROC_FULL_MATCH   0x00000001
#define DEBUG_GET_PROC_ONLY_MATCH   0x00000002
#define DEBUG_GET_PROC_SERVICE_NAME 0x00000004

/* GetRunningProcessDescription: what to leave out; bits. */
#define DEBUG_PROC_DESC_DEFAULT         0x00000000
#define DEBUG_PROC_DESC_NO_PATHS        0x00000001
#define DEBUG_PROC_DESC_NO_SERVICES     0x00000002
#define DEBUG_PROC_DESC_NO_MTS_PACKAGES 0x00000004
#define DEBUG_PROC_DESC_NO_COMMAND_LINE 0x00000008
#define DEBUG_PROC_DESC_NO_SESSION_ID   0x00000010
#define DEBUG_PROC_DESC_NO_USER_NAME    0x00000020

/* AddProcessOptions and its like: bits. */
#define DEBUG_PROCESS_DETACH_ON_EXIT    0x00000001
#define DEBUG_PROCESS_ONLY_THIS_PROCESS 0x00000002

/* CreateProcess and its like: bits that are the debugger's own among those of Windows. */
#define DEBUG_CREATE_PROCESS_NO_DEBUG_HEAP 0x00000400
#define DEBUG_CREATE_PROCESS_THROUGH_RTL   0x00010000

/* EngCreateFlags of CreateProcess2: bits. */
#define DEBUG_ECREATE_PROCESS_DEFAULT                   0x00000000
#define DEBUG_ECREATE_PROCESS_INHERIT_HANDLES           0x00000001
#define DEBUG_ECREATE_PROCESS_USE_VERIFIER_FLAGS        0x00000002
#define DEBUG_ECREATE_PROCESS_USE_IMPLICIT_COMMAND_LINE 0x00000004

/* ConnectSession: bits. */
#define DEBUG_CONNECT_SESSION_DEFAULT     0x00000000
#define DEBUG_CONNECT_SESSION_NO_VERSION  0x00000001
#define DEBUG_CONNECT_SESSION_NO_ANNOUNCE 0x00000002

/* OutputServers: bits. */
#define DEBUG_SERVERS_DEBUGGER 0x00000001
#define DEBUG_SERVERS_PROCESS  0x00000002
#define DEBUG_SERVERS_ALL      0x00000003

/* EndSession: what becomes of the targets; one of these. */
#define DEBUG_END_PASSIVE          0x00000000
#define DEBUG_END_ACTIVE_TERMINATE 0x00000001
#define DEBUG_END_ACTIVE_DETACH    0x00000002
#define DEBUG_END_REENTRANT        0x00000003
#define DEBUG_END_DISCONNECT       0x00000004

/* GetDebuggeeType: classes of targets. */
#define DEBUG_CLASS_UNINITIALIZED 0
#define DEBUG_CLASS_KERNEL        1
#define DEBUG_CLASS_USER_WINDOWS  2
#define DEBUG_CLASS_IMAGE_FILE    3

/* Kinds of dumps, as qualifiers of a class; WriteDumpFile. */
#define DEBUG_DUMP_SMALL      1024
#define DEBUG_DUMP_DEFAULT    1025
#define DEBUG_DUMP_FULL       1026
#define DEBUG_DUMP_IMAGE_FILE 1027
#define DEBUG_DUMP_TRACE_LOG  1028
#define DEBUG_DUMP_WINDOWS_CE 1029
#define DEBUG_DUMP_ACTIVE     1030

/* GetDebuggeeType: qualifiers of DEBUG_CLASS_KERNEL. Below DEBUG_DUMP_SMALL it is live. */
#define DEBUG_KERNEL_CONNECTION     0
#define DEBUG_KERNEL_LOCAL          1
#define DEBUG_KERNEL_EXDI_DRIVER    2
#define DEBUG_KERNEL_IDNA           3
#define DEBUG_KERNEL_INSTALL_DRIVER 4
#define DEBUG_KERNEL_SMALL_DUMP     DEBUG_DUMP_SMALL
#define DEBUG_KERNEL_DUMP           DEBUG_DUMP_DEFAULT
#define DEBUG_KERNEL_FULL_DUMP      DEBUG_DUMP_FULL
#define DEBUG_KERNEL_TRACE_LOG      DEBUG_DUMP_TRACE_LOG
#define DEBUG_KERNEL_ACTIVE_DUMP    DEBUG_DUMP_ACTIVE

/* GetDebuggeeType: qualifiers of DEBUG_CLASS_USER_WINDOWS. Below DEBUG_DUMP_SMALL it is live. */
#define DEBUG_USER_WINDOWS_PROCESS         0
#define DEBUG_USER_WINDOWS_PROCESS_SERVER  1
#define DEBUG_USER_WINDOWS_IDNA            2
#define DEBUG_USER_WINDOWS_SMALL_DUMP      DEBUG_DUMP_SMALL
#define DEBUG_USER_WINDOWS_DUMP            DEBUG_DUMP_DEFAULT
#define DEBUG_USER_WINDOWS_DUMP_WINDOWS_CE DEBUG_DUMP_WINDOWS_CE

/* GetDumpFile: types of files. */
#define DEBUG_DUMP_FILE_BASE              0xffffffffu
#define DEBUG_DUMP_FILE_PAGE_FILE_DUMP    0x00000000
#define DEBUG_DUMP_FILE_LOAD_FAILED_INDEX 0xffffffffu

/* WriteDumpFile2: bits. */
#define DEBUG_FORMAT_DEFAULT                              0x00000000
#define DEBUG_FORMAT_WRITE_CAB                            0x20000000
#define DEBUG_FORMAT_CAB_SECONDARY_FILES                  0x40000000
#define DEBUG_FORMAT_NO_OVERWRITE                         0x80000000u
#define DEBUG_FORMAT_USER_SMALL_FULL_MEMORY               0x00000001
#define DEBUG_FORMAT_USER_SMALL_HANDLE_DATA               0x00000002
#define DEBUG_FORMAT_USER_SMALL_UNLOADED_MODULES          0x00000004
#define DEBUG_FORMAT_USER_SMALL_INDIRECT_MEMORY           0x00000008
#define DEBUG_FORMAT_USER_SMALL_DATA_SEGMENTS             0x00000010
#define DEBUG_FORMAT_USER_SMALL_FILTER_MEMORY             0x00000020
#define DEBUG_FORMAT_USER_SMALL_FILTER_PATHS              0x00000040
#define DEBUG_FORMAT_USER_SMALL_PROCESS_THREAD_DATA       0x00000080
#define DEBUG_FORMAT_USER_SMALL_PRIVATE_READ_WRITE_MEMORY 0x00000100

/* Kinds of output: each text has one of them, SetOutputMask takes several. */
#define DEBUG_OUTPUT_NORMAL            0x00000001
#define DEBUG_OUTPUT_ERROR             0x00000002
#define DEBUG_OUTPUT_WARNING           0x00000004
#define DEBUG_OUTPUT_VERBOSE           0x00000008
#define DEBUG_OUTPUT_PROMPT            0x00000010
#define DEBUG_OUTPUT_PROMPT_REGISTERS  0x00000020
#define DEBUG_OUTPUT_EXTENSION_WARNING 0x00000040
#define DEBUG_OUTPUT_DEBUGGEE          0x00000080
#define DEBUG_OUTPUT_DEBUGGEE_PROMPT   0x00000100
#define DEBUG_OUTPUT_SYMBOLS           0x00000200
#define DEBUG_OUTPUT_STATUS            0x00000400
#define DEBUG_OUTPUT_XML               0x00000800

/* More kinds of output, about the work of the engine itself. */
#define DEBUG_IOUTPUT_KD_PROTOCOL    0x80000000u
#define DEBUG_IOUTPUT_REMOTING       0x40000000
#define DEBUG_IOUTPUT_BREAKPOINT     0x20000000
#define DEBUG_IOUTPUT_EVENT          0x10000000
#define DEBUG_IOUTPUT_ADDR_TRANSLATE 0x08000000

/* OutputIdentity: flags. */
#define DEBUG_OUTPUT_IDENTITY_DEFAULT 0x00000000

/*
 * OutputControl of many methods: who gets the text, one of the first five, and bits. OVERRIDE_MASK
 * sends it also to clients whose mask lacks its kind. AMBIENT: as the command that is running.
 */
#define DEBUG_OUTCTL_THIS_CLIENT       0x00000000
#define DEBUG_OUTCTL_ALL_CLIENTS       0x00000001
#define DEBUG_OUTCTL_ALL_OTHER_CLIENTS 0x00000002
#define DEBUG_OUTCTL_IGNORE            0x00000003
#define DEBUG_OUTCTL_LOG_ONLY          0x00000004
#define DEBUG_OUTCTL_SEND_MASK         0x00000007
#define DEBUG_OUTCTL_NOT_LOGGED        0x00000008
#define DEBUG_OUTCTL_OVERRIDE_MASK     0x00000010
#define DEBUG_OUTCTL_AMBIENT           0xffffffffu
#define DEBUG_OUTCTL_DML               0x00000020
#define DEBUG_OUTCTL_AMBIENT_DML       0xfffffffeu
#define DEBUG_OUTCTL_AMBIENT_TEXT      0xffffffffu

/* GetInterestMask of IDebugOutputCallbacks2: what the callbacks want; bits. */
#define DEBUG_OUTCBI_EXPLICIT_FLUSH 0x00000001
#define DEBUG_OUTCBI_TEXT           0x00000002
#define DEBUG_OUTCBI_DML            0x00000004
#define DEBUG_OUTCBI_ANY_FORMAT     0x00000006

/* Output2: what came. DML is text with markup. */
#define DEBUG_OUTCB_TEXT           0
#define DEBUG_OUTCB_DML            1
#define DEBUG_OUTCB_EXPLICIT_FLUSH 2

/* Output2: bits. */
#define DEBUG_OUTCBF_COMBINED_EXPLICIT_FLUSH    0x00000001
#define DEBUG_OUTCBF_DML_HAS_TAGS               0x00000002
#define DEBUG_OUTCBF_DML_HAS_SPECIAL_CHARACTERS 0x00000004

/*
 * Execution status: GetExecutionStatus, SetExecutionStatus, the answers of event callbacks. The
 * argument of DEBUG_CES_EXECUTION_STATUS is one of them (DEBUG_STATUS_MASK) with bits above.
 */
#define DEBUG_STATUS_NO_CHANGE           0
#define DEBUG_STATUS_GO                  1
#define DEBUG_STATUS_GO_HANDLED          2
#define DEBUG_STATUS_GO_NOT_HANDLED      3
#define DEBUG_STATUS_STEP_OVER           4
#define DEBUG_STATUS_STEP_INTO           5
#define DEBUG_STATUS_BREAK               6
#define DEBUG_STATUS_NO_DEBUGGEE         7
#define DEBUG_STATUS_STEP_BRANCH         8
#define DEBUG_STATUS_IGNORE_EVENT        9
#define DEBUG_STATUS_RESTART_REQUESTED   10
#define DEBUG_STATUS_REVERSE_GO          11
#define DEBUG_STATUS_REVERSE_STEP_BRANCH 12
#define DEBUG_STATUS_REVERSE_STEP_OVER   13
#define DEBUG_STATUS_REVERSE_STEP_INTO   14
#define DEBUG_STATUS_OUT_OF_SYNC         15
#define DEBUG_STATUS_WAIT_INPUT          16
#define DEBUG_STATUS_TIMEOUT             17
#define DEBUG_STATUS_MASK                0x1f
#define DEBUG_STATUS_INSIDE_WAIT         0x100000000ull
#define DEBUG_STATUS_WAIT_TIMEOUT        0x200000000ull

/* WaitForEvent: there are no other flags. */
#define DEBUG_WAIT_DEFAULT 0x00000000

/* SetInterrupt: break in; only note it; end a WaitForEvent, which returns E_PENDING. */
#define DEBUG_INTERRUPT_ACTIVE  0
#define DEBUG_INTERRUPT_PASSIVE 1
#define DEBUG_INTERRUPT_EXIT    2

/* AddEngineOptions and its like: bits. A bit outside of DEBUG_ENGOPT_ALL is refused. */
#define DEBUG_ENGOPT_IGNORE_DBGHELP_VERSION      0x00000001
#define DEBUG_ENGOPT_IGNORE_EXTENSION_VERSIONS   0x00000002
#define DEBUG_ENGOPT_ALLOW_NETWORK_PATHS         0x00000004
#define DEBUG_ENGOPT_DISALLOW_NETWORK_PATHS      0x00000008
#define DEBUG_ENGOPT_NETWORK_PATHS               (DEBUG_ENGOPT_ALLOW_NETWORK_PATHS | DEBUG_ENGOPT_DISALLOW_NETWORK_PATHS)
#define DEBUG_ENGOPT_IGNORE_LOADER_EXCEPTIONS    0x00000010
#define DEBUG_ENGOPT_INITIAL_BREAK               0x00000020
#define DEBUG_ENGOPT_INITIAL_MODULE_BREAK        0x00000040
#define DEBUG_ENGOPT_FINAL_BREAK                 0x00000080
#define DEBUG_ENGOPT_NO_EXECUTE_REPEAT           0x00000100
#define DEBUG_ENGOPT_FAIL_INCOMPLETE_INFORMATION 0x00000200
#define DEBUG_ENGOPT_ALLOW_READ_ONLY_BREAKPOINTS 0x00000400
#define DEBUG_ENGOPT_SYNCHRONIZE_BREAKPOINTS     0x00000800
#define DEBUG_ENGOPT_DISALLOW_SHELL_COMMANDS     0x00001000
#define DEBUG_ENGOPT_KD_QUIET_MODE               0x00002000
#define DEBUG_ENGOPT_DISABLE_MANAGED_SUPPORT     0x00004000
#define DEBUG_ENGOPT_DISABLE_MODULE_SYMBOL_LOAD  0x00008000
#define DEBUG_ENGOPT_DISABLE_EXECUTION_COMMANDS  0x00010000
#define DEBUG_ENGOPT_DISALLOW_IMAGE_FILE_MAPPING 0x00020000
#define DEBUG_ENGOPT_PREFER_DML                  0x00040000
#define DEBUG_ENGOPT_DISABLESQM                  0x00080000
#define DEBUG_ENGOPT_DISABLE_STEPLINES_OPTIONS   0x00200000
#define DEBUG_ENGOPT_ALL                         0x002fffff

/* Execute: bits. Those behind NO_REPEAT say where the command comes from. */
#define DEBUG_EXECUTE_DEFAULT      0x00000000
#define DEBUG_EXECUTE_ECHO         0x00000001
#define DEBUG_EXECUTE_NOT_LOGGED   0x00000002
#define DEBUG_EXECUTE_NO_REPEAT    0x00000004
#define DEBUG_EXECUTE_USER_TYPED   0x00000008
#define DEBUG_EXECUTE_USER_CLICKED 0x00000010
#define DEBUG_EXECUTE_EXTENSION    0x00000020
#define DEBUG_EXECUTE_INTERNAL     0x00000040
#define DEBUG_EXECUTE_SCRIPT       0x00000080
#define DEBUG_EXECUTE_TOOLBAR      0x00000100
#define DEBUG_EXECUTE_MENU         0x00000200
#define DEBUG_EXECUTE_HOTKEY       0x00000400
#define DEBUG_EXECUTE_EVENT        0x00000800

/* DEBUG_VALUE: Type. */
#define DEBUG_VALUE_INVALID   0
#define DEBUG_VALUE_INT8      1
#define DEBUG_VALUE_INT16     2
#define DEBUG_VALUE_INT32     3
#define DEBUG_VALUE_INT64     4
#define DEBUG_VALUE_FLOAT32   5
#define DEBUG_VALUE_FLOAT64   6
#define DEBUG_VALUE_FLOAT80   7
#define DEBUG_VALUE_FLOAT82   8
#define DEBUG_VALUE_FLOAT128  9
#define DEBUG_VALUE_VECTOR64  10
#define DEBUG_VALUE_VECTOR128 11
#define DEBUG_VALUE_TYPES     12

/* Types of processors; names of Windows for the numbers in PE headers. */
#ifndef IMAGE_FILE_MACHINE_UNKNOWN
#define IMAGE_FILE_MACHINE_UNKNOWN 0
#define IMAGE_FILE_MACHINE_I386    0x014c
#define IMAGE_FILE_MACHINE_ARM     0x01c0
#define IMAGE_FILE_MACHINE_THUMB   0x01c2
#define IMAGE_FILE_MACHINE_ARMNT   0x01c4
#define IMAGE_FILE_MACHINE_IA64    0x0200
#define IMAGE_FILE_MACHINE_EBC     0x0ebc
#define IMAGE_FILE_MACHINE_RISCV64 0x5064
#define IMAGE_FILE_MACHINE_AMD64   0x8664
#define IMAGE_FILE_MACHINE_ARM64   0xaa64
#endif

/* SetExpressionSyntax: one of these. */
#define DEBUG_EXPR_MASM      0x00000000
#define DEBUG_EXPR_CPLUSPLUS 0x00000001

/* GetSystemVersionString: which. */
#define DEBUG_SYSVERSTR_SERVICE_PACK 0
#define DEBUG_SYSVERSTR_BUILD        1

/* Data spaces: GetOffsetInformation, the argument of DEBUG_CDS_DATA. */
#define DEBUG_DATA_SPACE_VIRTUAL       0
#define DEBUG_DATA_SPACE_PHYSICAL      1
#define DEBUG_DATA_SPACE_CONTROL       2
#define DEBUG_DATA_SPACE_IO            3
#define DEBUG_DATA_SPACE_MSR           4
#define DEBUG_DATA_SPACE_BUS_DATA      5
#define DEBUG_DATA_SPACE_DEBUGGER_DATA 6
#define DEBUG_DATA_SPACE_COUNT         7

/* ReadProcessorSystemData: Index. The first four give a ULONG64, the speed a ULONG in MHz. */
#define DEBUG_DATA_KPCR_OFFSET                     0
#define DEBUG_DATA_KPRCB_OFFSET                    1
#define DEBUG_DATA_KTHREAD_OFFSET                  2
#define DEBUG_DATA_BASE_TRANSLATION_VIRTUAL_OFFSET 3
#define DEBUG_DATA_PROCESSOR_IDENTIFICATION        4
#define DEBUG_DATA_PROCESSOR_SPEED                 5

/*
 * ReadDebuggerData: Index. Names that end with Addr give the address of the kernel's variable, the
 * others the value: ULONG64, but USHORT from 664 to 704, and a BOOLEAN for PaeEnabled.
 */
#define DEBUG_DATA_KernBase                          24
#define DEBUG_DATA_BreakpointWithStatusAddr          32
#define DEBUG_DATA_SavedContextAddr                  40
#define DEBUG_DATA_KiCallUserModeAddr                56
#define DEBUG_DATA_KeUserCallbackDispatcherAddr      64
#define DEBUG_DATA_PsLoadedModuleListAddr            72
#define DEBUG_DATA_PsActiveProcessHeadAddr           80
#define DEBUG_DATA_PspCidTableAddr                   88
#define DEBUG_DATA_ExpSystemResourcesListAddr        96
#define DEBUG_DATA_ExpPagedPoolDescriptorAddr        104
#define DEBUG_DATA_ExpNumberOfPagedPoolsAddr         112
#define DEBUG_DATA_KeTimeIncrementAddr               120
#define DEBUG_DATA_KeBugCheckCallbackListHeadAddr    128
#define DEBUG_DATA_KiBugcheckDataAddr                136
#define DEBUG_DATA_IopErrorLogListHeadAddr           144
#define DEBUG_DATA_ObpRootDirectoryObjectAddr        152
#define DEBUG_DATA_ObpTypeObjectTypeAddr             160
#define DEBUG_DATA_MmSystemCacheStartAddr            168
#define DEBUG_DATA_MmSystemCacheEndAddr              176
#define DEBUG_DATA_MmSystemCacheWsAddr               184
#define DEBUG_DATA_MmPfnDatabaseAddr                 192
#define DEBUG_DATA_MmSystemPtesStartAddr             200
#define DEBUG_DATA_MmSystemPtesEndAddr               208
#define DEBUG_DATA_MmSubsectionBaseAddr              216
#define DEBUG_DATA_MmNumberOfPagingFilesAddr         224
#define DEBUG_DATA_MmLowestPhysicalPageAddr          232
#define DEBUG_DATA_MmHighestPhysicalPageAddr         240
#define DEBUG_DATA_MmNumberOfPhysicalPagesAddr       248
#define DEBUG_DATA_MmMaximumNonPagedPoolInBytesAddr  256
#define DEBUG_DATA_MmNonPagedSystemStartAddr         264
#define DEBUG_DATA_MmNonPagedPoolStartAddr           272
#define DEBUG_DATA_MmNonPagedPoolEndAddr             280
#define DEBUG_DATA_MmPagedPoolStartAddr              288
#define DEBUG_DATA_MmPagedPoolEndAddr                296
#define DEBUG_DATA_MmPagedPoolInformationAddr        304
#define DEBUG_DATA_MmPageSize                        312
#define DEBUG_DATA_MmSizeOfPagedPoolInBytesAddr      320
#define DEBUG_DATA_MmTotalCommitLimitAddr            328
#define DEBUG_DATA_MmTotalCommittedPagesAddr         336
#define DEBUG_DATA_MmSharedCommitAddr                344
#define DEBUG_DATA_MmDriverCommitAddr                352
#define DEBUG_DATA_MmProcessCommitAddr               360
#define DEBUG_DATA_MmPagedPoolCommitAddr             368
#define DEBUG_DATA_MmExtendedCommitAddr              376
#define DEBUG_DATA_MmZeroedPageListHeadAddr          384
#define DEBUG_DATA_MmFreePageListHeadAddr            392
#define DEBUG_DATA_MmStandbyPageListHeadAddr         400
#define DEBUG_DATA_MmModifiedPageListHeadAddr        408
#define DEBUG_DATA_MmModifiedNoWritePageListHeadAddr 416
#define DEBUG_DATA_MmAvailablePagesAddr              424
#define DEBUG_DATA_MmResidentAvailablePagesAddr      432
#define DEBUG_DATA_PoolTrackTableAddr                440
#define DEBUG_DATA_NonPagedPoolDescriptorAddr        448
#define DEBUG_DATA_MmHighestUserAddressAddr          456
#define DEBUG_DATA_MmSystemRangeStartAddr            464
#define DEBUG_DATA_MmUserProbeAddressAddr            472
#define DEBUG_DATA_KdPrintCircularBufferAddr         480
#define DEBUG_DATA_KdPrintCircularBufferEndAddr      488
#define DEBUG_DATA_KdPrintWritePointerAddr           496
#define DEBUG_DATA_KdPrintRolloverCountAddr          504
#define DEBUG_DATA_MmLoadedUserImageListAddr         512
#define DEBUG_DATA_NtBuildLabAddr                    520
#define DEBUG_DATA_KiNormalSystemCall                528
#define DEBUG_DATA_KiProcessorBlockAddr              536
#define DEBUG_DATA_MmUnloadedDriversAddr             544
#define DEBUG_DATA_MmLastUnloadedDriverAddr          552
#define DEBUG_DATA_MmTriageActionTakenAddr           560
#define DEBUG_DATA_MmSpecialPoolTagAddr              568
#define DEBUG_DATA_KernelVerifierAddr                576
#define DEBUG_DATA_MmVerifierDataAddr                584
#define DEBUG_DATA_MmAllocatedNonPagedPoolAddr       592
#define DEBUG_DATA_MmPeakCommitmentAddr              600
#define DEBUG_DATA_MmTotalCommitLimitMaximumAddr     608
#define DEBUG_DATA_CmNtCSDVersionAddr                616
#define DEBUG_DATA_MmPhysicalMemoryBlockAddr         624
#define DEBUG_DATA_MmSessionBase                     632
#define DEBUG_DATA_MmSessionSize                     640
#define DEBUG_DATA_MmSystemParentTablePage           648
#define DEBUG_DATA_MmVirtualTranslationBase          656
#define DEBUG_DATA_OffsetKThreadNextProcessor        664
#define DEBUG_DATA_OffsetKThreadTeb                  666
#define DEBUG_DATA_OffsetKThreadKernelStack          668
#define DEBUG_DATA_OffsetKThreadInitialStack         670
#define DEBUG_DATA_OffsetKThreadApcProcess           672
#define DEBUG_DATA_OffsetKThreadState                674
#define DEBUG_DATA_OffsetKThreadBStore               676
#define DEBUG_DATA_OffsetKThreadBStoreLimit          678
#define DEBUG_DATA_SizeEProcess                      680
#define DEBUG_DATA_OffsetEprocessPeb                 682
#define DEBUG_DATA_OffsetEprocessParentCID           684
#define DEBUG_DATA_OffsetEprocessDirectoryTableBase  686
#define DEBUG_DATA_SizePrcb                          688
#define DEBUG_DATA_OffsetPrcbDpcRoutine              690
#define DEBUG_DATA_OffsetPrcbCurrentThread           692
#define DEBUG_DATA_OffsetPrcbMhz                     694
#define DEBUG_DATA_OffsetPrcbCpuType                 696
#define DEBUG_DATA_OffsetPrcbVendorString            698
#define DEBUG_DATA_OffsetPrcbProcessorState          700
#define DEBUG_DATA_OffsetPrcbNumber                  702
#define DEBUG_DATA_SizeEThread                       704
#define DEBUG_DATA_KdPrintCircularBufferPtrAddr      712
#define DEBUG_DATA_KdPrintBufferSizeAddr             720
#define DEBUG_DATA_PteBase                           864
#define DEBUG_DATA_PaeEnabled                        100000
#define DEBUG_DATA_SharedUserData                    100008
#define DEBUG_DATA_ProductType                       100016
#define DEBUG_DATA_SuiteMask                         100024
#define DEBUG_DATA_DumpWriterStatus                  100032

/* ReadPhysical2, WritePhysical2: how processors cache the memory; one of these, not bits. */
#define DEBUG_PHYSICAL_DEFAULT        0x00000000
#define DEBUG_PHYSICAL_CACHED         0x00000001
#define DEBUG_PHYSICAL_UNCACHED       0x00000002
#define DEBUG_PHYSICAL_WRITE_COMBINED 0x00000003

/* SearchVirtual2: bits. */
#define DEBUG_VSEARCH_DEFAULT       0x00000000
#define DEBUG_VSEARCH_WRITABLE_ONLY 0x00000001

/* GetOffsetInformation: which. */
#define DEBUG_OFFSINFO_VIRTUAL_SOURCE 0x00000001

/* GetOffsetInformation: where a byte comes from. */
#define DEBUG_VSOURCE_INVALID              0x00000000
#define DEBUG_VSOURCE_DEBUGGEE             0x00000001
#define DEBUG_VSOURCE_MAPPED_IMAGE         0x00000002
#define DEBUG_VSOURCE_DUMP_WITHOUT_MEMINFO 0x00000003

/* ReadHandleData: what. */
#define DEBUG_HANDLE_DATA_TYPE_BASIC            0
#define DEBUG_HANDLE_DATA_TYPE_TYPE_NAME        1
#define DEBUG_HANDLE_DATA_TYPE_OBJECT_NAME      2
#define DEBUG_HANDLE_DATA_TYPE_HANDLE_COUNT     3
#define DEBUG_HANDLE_DATA_TYPE_TYPE_NAME_WIDE   4
#define DEBUG_HANDLE_DATA_TYPE_OBJECT_NAME_WIDE 5

/* Events: bits of an interest mask. */
#define DEBUG_EVENT_BREAKPOINT            0x00000001
#define DEBUG_EVENT_EXCEPTION             0x00000002
#define DEBUG_EVENT_CREATE_THREAD         0x00000004
#define DEBUG_EVENT_EXIT_THREAD           0x00000008
#define DEBUG_EVENT_CREATE_PROCESS        0x00000010
#define DEBUG_EVENT_EXIT_PROCESS          0x00000020
#define DEBUG_EVENT_LOAD_MODULE           0x00000040
#define DEBUG_EVENT_UNLOAD_MODULE         0x00000080
#define DEBUG_EVENT_SYSTEM_ERROR          0x00000100
#define DEBUG_EVENT_SESSION_STATUS        0x00000200
#define DEBUG_EVENT_CHANGE_DEBUGGEE_STATE 0x00000400
#define DEBUG_EVENT_CHANGE_ENGINE_STATE   0x00000800
#define DEBUG_EVENT_CHANGE_SYMBOL_STATE   0x00001000

/* SessionStatus: status. */
#define DEBUG_SESSION_ACTIVE                       0x00000000
#define DEBUG_SESSION_END_SESSION_ACTIVE_TERMINATE 0x00000001
#define DEBUG_SESSION_END_SESSION_ACTIVE_DETACH    0x00000002
#define DEBUG_SESSION_END_SESSION_PASSIVE          0x00000003
#define DEBUG_SESSION_END                          0x00000004
#define DEBUG_SESSION_REBOOT                       0x00000005
#define DEBUG_SESSION_HIBERNATE                    0x00000006
#define DEBUG_SESSION_FAILURE                      0x00000007

/* ChangeDebuggeeState: the argument of DEBUG_CDS_REFRESH is the method that was called. */
#define DEBUG_CDS_REFRESH_EVALUATE                 1
#define DEBUG_CDS_REFRESH_EXECUTE                  2
#define DEBUG_CDS_REFRESH_EXECUTECOMMANDFILE       3
#define DEBUG_CDS_REFRESH_ADDBREAKPOINT            4
#define DEBUG_CDS_REFRESH_REMOVEBREAKPOINT         5
#define DEBUG_CDS_REFRESH_WRITEVIRTUAL             6
#define DEBUG_CDS_REFRESH_WRITEVIRTUALUNCACHED     7
#define DEBUG_CDS_REFRESH_WRITEPHYSICAL            8
#define DEBUG_CDS_REFRESH_WRITEPHYSICAL2           9
#define DEBUG_CDS_REFRESH_SETVALUE                 10
#define DEBUG_CDS_REFRESH_SETVALUE2                11
#define DEBUG_CDS_REFRESH_SETSCOPE                 12
#define DEBUG_CDS_REFRESH_SETSCOPEFRAMEBYINDEX     13
#define DEBUG_CDS_REFRESH_SETSCOPEFROMJITDEBUGINFO 14
#define DEBUG_CDS_REFRESH_SETSCOPEFROMSTOREDEVENT  15
#define DEBUG_CDS_REFRESH_INLINESTEP               16
#define DEBUG_CDS_REFRESH_INLINESTEP_PSEUDO        17

/* ChangeDebuggeeState: flags; one at a time. */
#define DEBUG_CDS_ALL       0xffffffffu
#define DEBUG_CDS_REGISTERS 0x00000001
#define DEBUG_CDS_DATA      0x00000002
#define DEBUG_CDS_REFRESH   0x00000004

/* ChangeEngineState: flags; with more than one bit the argument means nothing. */
#define DEBUG_CES_ALL                 0xffffffffu
#define DEBUG_CES_CURRENT_THREAD      0x00000001
#define DEBUG_CES_EFFECTIVE_PROCESSOR 0x00000002
#define DEBUG_CES_BREAKPOINTS         0x00000004
#define DEBUG_CES_CODE_LEVEL          0x00000008
#define DEBUG_CES_EXECUTION_STATUS    0x00000010
#define DEBUG_CES_ENGINE_OPTIONS      0x00000020
#define DEBUG_CES_LOG_FILE            0x00000040
#define DEBUG_CES_RADIX               0x00000080
#define DEBUG_CES_EVENT_FILTERS       0x00000100
#define DEBUG_CES_PROCESS_OPTIONS     0x00000200
#define DEBUG_CES_EXTENSIONS          0x00000400
#define DEBUG_CES_SYSTEMS             0x00000800
#define DEBUG_CES_ASSEMBLY_OPTIONS    0x00001000
#define DEBUG_CES_EXPRESSION_SYNTAX   0x00002000
#define DEBUG_CES_TEXT_REPLACEMENTS   0x00004000

/* ChangeSymbolState: flags; the argument of LOADS and UNLOADS is the base of the module. */
#define DEBUG_CSS_ALL            0xffffffffu
#define DEBUG_CSS_LOADS          0x00000001
#define DEBUG_CSS_UNLOADS        0x00000002
#define DEBUG_CSS_SCOPE          0x00000004
#define DEBUG_CSS_PATHS          0x00000008
#define DEBUG_CSS_SYMBOL_OPTIONS 0x00000010
#define DEBUG_CSS_TYPE_OPTIONS   0x00000020

/* AddSymbolOptions and its like: bits, with names of Windows' dbghelp.h. They are only kept. */
#ifndef SYMOPT_CASE_INSENSITIVE
#define SYMOPT_CASE_INSENSITIVE       0x00000001
#define SYMOPT_UNDNAME                0x00000002
#define SYMOPT_DEFERRED_LOADS         0x00000004
#define SYMOPT_NO_CPP                 0x00000008
#define SYMOPT_LOAD_LINES             0x00000010
#define SYMOPT_OMAP_FIND_NEAREST      0x00000020
#define SYMOPT_LOAD_ANYTHING          0x00000040
#define SYMOPT_IGNORE_CVREC           0x00000080
#define SYMOPT_NO_UNQUALIFIED_LOADS   0x00000100
#define SYMOPT_FAIL_CRITICAL_ERRORS   0x00000200
#define SYMOPT_EXACT_SYMBOLS          0x00000400
#define SYMOPT_ALLOW_ABSOLUTE_SYMBOLS 0x00000800
#define SYMOPT_IGNORE_NT_SYMPATH      0x00001000
#define SYMOPT_INCLUDE_32BIT_MODULES  0x00002000
#define SYMOPT_PUBLICS_ONLY           0x00004000
#define SYMOPT_NO_PUBLICS             0x00008000
#define SYMOPT_AUTO_PUBLICS           0x00010000
#define SYMOPT_NO_IMAGE_SEARCH        0x00020000
#define SYMOPT_SECURE                 0x00040000
#define SYMOPT_NO_PROMPTS             0x00080000
#define SYMOPT_DEBUG                  0x80000000u
#endif

/* GetModuleNameString: Which. */
#define DEBUG_MODNAME_IMAGE        0x00000000
#define DEBUG_MODNAME_MODULE       0x00000001
#define DEBUG_MODNAME_LOADED_IMAGE 0x00000002
#define DEBUG_MODNAME_SYMBOL_FILE  0x00000003
#define DEBUG_MODNAME_MAPPED_IMAGE 0x00000004

/* DEBUG_MODULE_PARAMETERS: Flags, bits. */
#define DEBUG_MODULE_LOADED           0x00000000
#define DEBUG_MODULE_UNLOADED         0x00000001
#define DEBUG_MODULE_USER_MODE        0x00000002
#define DEBUG_MODULE_EXE_MODULE       0x00000004
#define DEBUG_MODULE_EXPLICIT         0x00000008
#define DEBUG_MODULE_SECONDARY        0x00000010
#define DEBUG_MODULE_SYNTHETIC        0x00000020
#define DEBUG_MODULE_SYM_BAD_CHECKSUM 0x00010000

/* GetModuleByModuleName2, GetModuleByOffset2: bits. */
#define DEBUG_GETMOD_DEFAULT             0x00000000
#define DEBUG_GETMOD_NO_LOADED_MODULES   0x00000001
#define DEBUG_GETMOD_NO_UNLOADED_MODULES 0x00000002

/* AddSyntheticModule: bits. */
#define DEBUG_ADDSYNTHMOD_DEFAULT  0x00000000
#define DEBUG_ADDSYNTHMOD_ZEROBASE 0x00000001

/* DEBUG_MODULE_PARAMETERS: SymbolType. */
#define DEBUG_SYMTYPE_NONE     0
#define DEBUG_SYMTYPE_COFF     1
#define DEBUG_SYMTYPE_CODEVIEW 2
#define DEBUG_SYMTYPE_PDB      3
#define DEBUG_SYMTYPE_EXPORT   4
#define DEBUG_SYMTYPE_DEFERRED 5
#define DEBUG_SYMTYPE_SYM      6
#define DEBUG_SYMTYPE_DIA      7

/* DEBUG_REGISTER_DESCRIPTION: flags. */
#define DEBUG_REGISTER_SUB_REGISTER 0x00000001

/* OutputRegisters: flags. */
#define DEBUG_REGISTERS_DEFAULT 0x00000000
#define DEBUG_REGISTERS_INT32   0x00000001
#define DEBUG_REGISTERS_INT64   0x00000002
#define DEBUG_REGISTERS_FLOAT   0x00000004
#define DEBUG_REGISTERS_ALL     0x00000007

/* GetValues2 and its like: whose registers. */
#define DEBUG_REGSRC_DEBUGGEE 0x00000000
#define DEBUG_REGSRC_EXPLICIT 0x00000001
#define DEBUG_REGSRC_FRAME    0x00000002

/* Types of breakpoints. */
#define DEBUG_BREAKPOINT_CODE   0
#define DEBUG_BREAKPOINT_DATA   1
#define DEBUG_BREAKPOINT_TIME   2
#define DEBUG_BREAKPOINT_INLINE 3

/* Flags of breakpoints. */
#define DEBUG_BREAKPOINT_GO_ONLY    0x00000001
#define DEBUG_BREAKPOINT_DEFERRED   0x00000002
#define DEBUG_BREAKPOINT_ENABLED    0x00000004
#define DEBUG_BREAKPOINT_ADDER_ONLY 0x00000008
#define DEBUG_BREAKPOINT_ONE_SHOT   0x00000010

/* Access types of data breakpoints. */
#define DEBUG_BREAK_READ    0x00000001
#define DEBUG_BREAK_WRITE   0x00000002
#define DEBUG_BREAK_EXECUTE 0x00000004
#define DEBUG_BREAK_IO      0x00000008

/* Request: Request. */
#define DEBUG_REQUEST_SOURCE_PATH_HAS_SOURCE_SERVER          0
#define DEBUG_REQUEST_TARGET_EXCEPTION_CONTEXT               1
#define DEBUG_REQUEST_TARGET_EXCEPTION_THREAD                2
#define DEBUG_REQUEST_TARGET_EXCEPTION_RECORD                3
#define DEBUG_REQUEST_GET_ADDITIONAL_CREATE_OPTIONS          4
#define DEBUG_REQUEST_SET_ADDITIONAL_CREATE_OPTIONS          5
#define DEBUG_REQUEST_GET_WIN32_MAJOR_MINOR_VERSIONS         6
#define DEBUG_REQUEST_READ_USER_MINIDUMP_STREAM              7
#define DEBUG_REQUEST_TARGET_CAN_DETACH                      8
#define DEBUG_REQUEST_SET_LOCAL_IMPLICIT_COMMAND_LINE        9
#define DEBUG_REQUEST_GET_CAPTURED_EVENT_CODE_OFFSET         10
#define DEBUG_REQUEST_READ_CAPTURED_EVENT_CODE_STREAM        11
#define DEBUG_REQUEST_EXT_TYPED_DATA_ANSI                    12
#define DEBUG_REQUEST_GET_EXTENSION_SEARCH_PATH_WIDE         13
#define DEBUG_REQUEST_GET_TEXT_COMPLETIONS_WIDE              14
#define DEBUG_REQUEST_GET_CACHED_SYMBOL_INFO                 15
#define DEBUG_REQUEST_ADD_CACHED_SYMBOL_INFO                 16
#define DEBUG_REQUEST_REMOVE_CACHED_SYMBOL_INFO              17
#define DEBUG_REQUEST_GET_TEXT_COMPLETIONS_ANSI              18
#define DEBUG_REQUEST_CURRENT_OUTPUT_CALLBACKS_ARE_DML_AWARE 19
#define DEBUG_REQUEST_GET_OFFSET_UNWIND_INFORMATION          20
#define DEBUG_REQUEST_GET_DUMP_HEADER                        21
#define DEBUG_REQUEST_SET_DUMP_HEADER                        22
#define DEBUG_REQUEST_MIDORI                                 23
#define DEBUG_REQUEST_PROCESS_DESCRIPTORS                    24
#define DEBUG_REQUEST_MISC_INFORMATION                       25
#define DEBUG_REQUEST_OPEN_PROCESS_TOKEN                     26
#define DEBUG_REQUEST_OPEN_THREAD_TOKEN                      27
#define DEBUG_REQUEST_DUPLICATE_TOKEN                        28
#define DEBUG_REQUEST_QUERY_INFO_TOKEN                       29
#define DEBUG_REQUEST_CLOSE_TOKEN                            30
#define DEBUG_REQUEST_WOW_PROCESS                            31
#define DEBUG_REQUEST_WOW_MODULE                             32
#define DEBUG_LIVE_USER_NON_INVASIVE                         33
#define DEBUG_REQUEST_RESUME_THREAD                          34
#define DEBUG_REQUEST_INLINE_QUERY                           35
#define DEBUG_REQUEST_TL_INSTRUMENTATION_AWARE               36
#define DEBUG_REQUEST_GET_INSTRUMENTATION_VERSION            37
#define DEBUG_REQUEST_GET_MODULE_ARCHITECTURE                38
#define DEBUG_REQUEST_GET_IMAGE_ARCHITECTURE                 39
#define DEBUG_REQUEST_SET_PARENT_HWND                        40

/* Event filters. */
#define DEBUG_FILTER_CREATE_THREAD       0x00000000
#define DEBUG_FILTER_EXIT_THREAD         0x00000001
#define DEBUG_FILTER_CREATE_PROCESS      0x00000002
#define DEBUG_FILTER_EXIT_PROCESS        0x00000003
#define DEBUG_FILTER_LOAD_MODULE         0x00000004
#define DEBUG_FILTER_UNLOAD_MODULE       0x00000005
#define DEBUG_FILTER_SYSTEM_ERROR        0x00000006
#define DEBUG_FILTER_INITIAL_BREAKPOINT  0x00000007
#define DEBUG_FILTER_INITIAL_MODULE_LOAD 0x00000008
#define DEBUG_FILTER_DEBUGGEE_OUTPUT     0x00000009
#define DEBUG_FILTER_BREAK               0x00000000
#define DEBUG_FILTER_SECOND_CHANCE_BREAK 0x00000001
#define DEBUG_FILTER_OUTPUT              0x00000002
#define DEBUG_FILTER_IGNORE              0x00000003
#define DEBUG_FILTER_REMOVE              0x00000004
#define DEBUG_FILTER_GO_HANDLED          0x00000000
#define DEBUG_FILTER_GO_NOT_HANDLED      0x00000001

/* OutputStackTrace: bits. */
#define DEBUG_STACK_ARGUMENTS               0x00000001
#define DEBUG_STACK_FUNCTION_INFO           0x00000002
#define DEBUG_STACK_SOURCE_LINE             0x00000004
#define DEBUG_STACK_FRAME_ADDRESSES         0x00000008
#define DEBUG_STACK_COLUMN_NAMES            0x00000010
#define DEBUG_STACK_NONVOLATILE_REGISTERS   0x00000020
#define DEBUG_STACK_FRAME_NUMBERS           0x00000040
#define DEBUG_STACK_PARAMETERS              0x00000080
#define DEBUG_STACK_FRAME_ADDRESSES_RA_ONLY 0x00000100
#define DEBUG_STACK_FRAME_MEMORY_USAGE      0x00000200

/* Disassemble: bits. */
#define DEBUG_DISASM_EFFECTIVE_ADDRESS 0x00000001
#define DEBUG_DISASM_MATCHING_SYMBOLS  0x00000002

/* OutputCurrentState: bits. */
#define DEBUG_CURRENT_DEFAULT     0x0000000f
#define DEBUG_CURRENT_SYMBOL      0x00000001
#define DEBUG_CURRENT_DISASM      0x00000002
#define DEBUG_CURRENT_REGISTERS   0x00000004
#define DEBUG_CURRENT_SOURCE_LINE 0x00000008

/* Code levels. */
#define DEBUG_LEVEL_SOURCE   0
#define DEBUG_LEVEL_ASSEMBLY 1

/* Assembly options: bits. */
#define DEBUG_ASMOPT_DEFAULT             0x00000000
#define DEBUG_ASMOPT_VERBOSE             0x00000001
#define DEBUG_ASMOPT_NO_CODE_BYTES       0x00000002
#define DEBUG_ASMOPT_IGNORE_OUTPUT_WIDTH 0x00000004

/* SetNextEventIndex: relation. */
#define DEBUG_EINDEX_NAME         0x00000000
#define DEBUG_EINDEX_FROM_START   0x00000000
#define DEBUG_EINDEX_FROM_END     0x00000001
#define DEBUG_EINDEX_FROM_CURRENT 0x00000002

/* OutputTypedDataVirtual: bits. */
#define DEBUG_OUTTYPE_DEFAULT          0x00000000
#define DEBUG_OUTTYPE_NO_INDENT        0x00000001
#define DEBUG_OUTTYPE_NO_OFFSET        0x00000002
#define DEBUG_OUTTYPE_VERBOSE          0x00000004
#define DEBUG_OUTTYPE_COMPACT_OUTPUT   0x00000008
#define DEBUG_OUTTYPE_ADDRESS_OF_FIELD 0x00010000
#define DEBUG_OUTTYPE_ADDRESS_AT_END   0x00020000
#define DEBUG_OUTTYPE_BLOCK_RECURSE    0x00200000
#define DEBUG_OUTTYPE_RECURSION_LEVEL(Max) (((Max) & 0xf) << 4)

/* OutputSymbols: bits, and what ends each part. */
#define DEBUG_OUTPUT_SYMBOLS_DEFAULT    0x00000000
#define DEBUG_OUTPUT_SYMBOLS_NO_NAMES   0x00000001
#define DEBUG_OUTPUT_SYMBOLS_NO_OFFSETS 0x00000002
#define DEBUG_OUTPUT_SYMBOLS_NO_VALUES  0x00000004
#define DEBUG_OUTPUT_SYMBOLS_NO_TYPES   0x00000010
#define DEBUG_OUTPUT_NAME_END           "**NAME**"
#define DEBUG_OUTPUT_OFFSET_END         "**OFF**"
#define DEBUG_OUTPUT_VALUE_END          "**VALUE**"
#define DEBUG_OUTPUT_TYPE_END           "**TYPE**"

/* DEBUG_SYMBOL_PARAMETERS: flags. */
#define DEBUG_SYMBOL_EXPANSION_LEVEL_MASK 0x0000000f
#define DEBUG_SYMBOL_EXPANDED             0x00000010
#define DEBUG_SYMBOL_READ_ONLY            0x00000020
#define DEBUG_SYMBOL_IS_ARRAY             0x00000040
#define DEBUG_SYMBOL_IS_FLOAT             0x00000080
#define DEBUG_SYMBOL_IS_ARGUMENT          0x00000100
#define DEBUG_SYMBOL_IS_LOCAL             0x00000200

/* GetScopeSymbolGroup: bits. */
#define DEBUG_SCOPE_GROUP_ARGUMENTS 0x00000001
#define DEBUG_SCOPE_GROUP_LOCALS    0x00000002
#define DEBUG_SCOPE_GROUP_ALL       0x00000003

/* FindSourceFile: bits. */
#define DEBUG_FIND_SOURCE_DEFAULT    0x00000000
#define DEBUG_FIND_SOURCE_FULL_PATH  0x00000001
#define DEBUG_FIND_SOURCE_BEST_MATCH 0x00000002

/* Type options: bits. */
#define DEBUG_TYPEOPTS_UNICODE_DISPLAY    0x00000001
#define DEBUG_TYPEOPTS_LONGSTATUS_DISPLAY 0x00000002
#define DEBUG_TYPEOPTS_FORCERADIX_OUTPUT  0x00000004

/* OutputTextReplacements: flags. */
#define DEBUG_OUT_TEXT_REPL_DEFAULT 0x00000000

#endif
