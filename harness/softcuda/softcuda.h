#pragma once
/// What softcuda offers beyond the driver API, by name through dlsym: a real libcuda.so.1 has none of these
/// symbols, and a client that finds none carries on. Plain C, so that any program can ask.
#ifdef __cplusplus
extern "C" {
#endif

/// Counters of the calling process since the last softcudaCountersReset: exact, the same on every machine and
/// thread count.
struct SoftcudaCounters {
  unsigned long long launches;
  unsigned long long
      warp_instructions;  ///< PTX instructions issued, once a warp, predicated-off ones included
  unsigned long long thread_instructions;  ///< the same times active lanes
  unsigned long long global_requests;      ///< warp-level loads, stores and atomics to global memory
  unsigned long long shared_requests;
  unsigned long long barriers;
};
void softcudaCounters(struct SoftcudaCounters* out);
void softcudaCountersReset(void);
/// All that was counted since then, by kernel, class of instruction, memory and source line: a JSON array of
/// objects with kernel, launches, instructions, classes, tensor, flops, memory, branches, divergences,
/// barriers, lines; count/README.md says what is counted. Owned by softcuda, valid until the calling thread's
/// next call.
const char* softcudaCountersJson(void);

/// Memory of the host that the last launch took, in bytes: a kernel's own (global memory: all that is
/// allocated; shared, local and registers: of one block for each host thread, of a cooperative launch every
/// block), and what detectors keep about each. All 0 before the first launch.
struct SoftcudaFootprint {
  unsigned long long global, shared, local, registers;
  unsigned long long shadow_of_global, shadow_of_shared, shadow_of_local, shadow_of_registers;
};
void softcudaLastFootprint(struct SoftcudaFootprint* out);

/// Report of the fault that stopped the last launch in this process: kind, address and allocation, CUDA
/// source line, block, warp, lane; empty when there was none. Owned by softcuda, valid until the calling
/// thread's next call.
const char* softcudaLastFault(void);

/// What detectors have found since the process began, or softcudaReportsReset: a JSON array of objects with
/// kind, stopped, count, kernel, file, line, other_file, other_line, what, text. Owned by softcuda, valid
/// until the calling thread's next call.
const char* softcudaReports(void);
void softcudaReportsReset(void);

/// A part of a tensor that lies in one live allocation: "sequence 2" of "k". Element (i, j, ...) is at
/// base + i * strides[0] + j * strides[1] + ... With check `extents`, a kernel's access to any other byte of
/// an allocation that has such parts is reported (padding, gaps, guard bands), and every report about such an
/// allocation says which element it means.
struct SoftcudaBox {
  const char* tensor;          ///< "k"
  const char* label;           ///< "sequence 2"; may be NULL
  unsigned long long base;     ///< device address of the first element, that of index 0 on every axis
  unsigned long long element;  ///< bytes
  unsigned axes;               ///< at most 8
  const char* const* names;    ///< "row", "head", "column", in the singular
  const unsigned long long*
      extents;               ///< 0: the part has no elements, and the allocation's bytes are all padding
  const long long* strides;  ///< bytes; negative or 0 where elements lie so
};
/// Adds a part to its allocation, until softcudaForgetExtents or the allocation is freed. 0, or 1 with one
/// line in `why`: nothing is allocated there, or the part is not inside the allocation.
int softcudaAddExtent(const struct SoftcudaBox* box, char* why, unsigned long long size);
/// The allocation that holds `address` has no parts any more: every byte of it may be accessed. 1: nothing is
/// allocated there.
int softcudaForgetExtents(unsigned long long address);

/// Sets how launches are run, from the next one on: keys and values are those of the environment variables
/// (SOFTCUDA_WARP_ORDER=random is "warp-order", "random"); the folder's README lists them. 0, or 1 with one
/// line in `why`.
int softcudaSet(const char* key, const char* value, char* why, unsigned long long size);

/// Host threads that a launch may use; 0: all cores. Default from SOFTCUDA_THREADS.
void softcudaSetThreads(unsigned threads);

/// Warp instructions a launch may issue before it is stopped with CUDA_ERROR_LAUNCH_TIMEOUT; default 20
/// billion, or SOFTCUDA_INSTRUCTION_LIMIT.
void softcudaSetInstructionLimit(unsigned long long limit);

#ifdef __cplusplus
}
#endif
