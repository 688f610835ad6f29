#pragma once
#include <cstdint>

#include "harness/softcuda/api/state.h"

/// Device memory as the chapters on memory share it: what is allocated, and accesses of the host, which are
/// checked as a kernel's are. A mistake is a report that names the call, besides the call's error code.
namespace softcuda::api {

[[nodiscard]] inline exec::DeviceMemory& memory() { return state().machine.memory(); }

/// Fresh memory of the current context. `call` names it in reports.
[[nodiscard]] CUresult take(CUdeviceptr* address, std::size_t bytes, const char* call, Held held);
/// Frees what starts at the address and forgets whose it was. INVALID_VALUE where nothing does.
CUresult give_back(CUdeviceptr address);
/// The same for a client: only memory of one of two kinds; anything else is a report.
[[nodiscard]] CUresult give_back(CUdeviceptr address, const char* call, MemoryKind kind, MemoryKind or_kind);

/// Whether the pointer is one that a kernel may use: device memory, live or not, or registered memory.
[[nodiscard]] bool is_device(std::uint64_t address);
/// SUCCESS where one live allocation holds every byte; else a report, and INVALID_VALUE.
[[nodiscard]] CUresult check_access(const char* call, std::uint64_t address, std::uint64_t bytes, bool write);
/// A copy that has been checked, by where its pointers lead.
void move_bytes(std::uint64_t to, std::uint64_t from, std::size_t bytes);

/// Where an address was allocated, and how; nothing for variables of modules and memory of the host.
[[nodiscard]] std::optional<Held> held_at(CUdeviceptr base);

}  // namespace softcuda::api
