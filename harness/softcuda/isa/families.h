#pragma once
#include <span>

#include "harness/softcuda/isa/entry.h"

/// Every family of instructions, one file each; table.cpp strings them together.
namespace softcuda::isa {

std::span<const Entry> integer_family();
std::span<const Entry> carry_family();
std::span<const Entry> bits_family();
std::span<const Entry> float32_family();
std::span<const Entry> approximate_family();
std::span<const Entry> float64_family();
std::span<const Entry> half_family();
std::span<const Entry> convert_family();
std::span<const Entry> compare_family();
std::span<const Entry> move_family();
std::span<const Entry> load_store_family();
std::span<const Entry> atomic_family();
std::span<const Entry> warp_family();
std::span<const Entry> barrier_family();
std::span<const Entry> async_copy_family();
std::span<const Entry> mbarrier_family();
std::span<const Entry> matrix_family();
std::span<const Entry> mma_family();
std::span<const Entry> wmma_family();
std::span<const Entry> wmma_memory_family();
std::span<const Entry> control_family();

}  // namespace softcuda::isa
