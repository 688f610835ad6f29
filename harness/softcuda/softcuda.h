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

/// Report of the fault that stopped the last launch in this process: kind, address and allocation, CUDA
/// source line, block, warp, lane; empty when there was none. Owned by softcuda, valid until the next launch.
const char* softcudaLastFault(void);

/// What detectors have found since the process began, or softcudaReportsReset: a JSON array of objects with
/// kind, stopped, count, kernel, file, line, other_file, other_line, what, text. Owned by softcuda, valid
/// until the next call.
const char* softcudaReports(void);
void softcudaReportsReset(void);

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
