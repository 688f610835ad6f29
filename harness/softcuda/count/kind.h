#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

/// What an instruction counts as.
namespace softcuda::count {

/// Classes of instructions; each is of exactly one. Loads and stores by the space that they name.
enum class Class : std::uint8_t {
  integer,  ///< arithmetic and logic
  f32,
  f64,
  half,              ///< f16 and bf16, alone and in pairs
  special_function,  ///< ex2, lg2, sin, cos, tanh, rcp, rsqrt, sqrt, f32 division
  conversion,
  comparison,  ///< setp, set, selp, slct, and predicates' logic
  move,        ///< mov, cvta
  global_load,
  global_store,
  global_atomic,
  shared_load,
  shared_store,
  shared_atomic,
  local_load,
  local_store,
  generic_load,  ///< no space named
  generic_store,
  generic_atomic,
  constant_load,
  parameter,   ///< ld.param, and what hands values to functions and takes them from there
  matrix,      ///< ldmatrix, stmatrix, movmatrix, loads and stores of wmma
  async_copy,  ///< cp.async
  async_wait,  ///< its groups and waits
  tensor,      ///< mma
  warp,        ///< shfl, vote, match, redux, activemask
  barrier,     ///< bar, barrier, mbarrier, bar.warp.sync
  fence,
  control,
  other,
  classes
};
inline constexpr std::size_t kClasses = static_cast<std::size_t>(Class::classes);
/// "global_load"
[[nodiscard]] const char* name_of(Class);

/// How an instruction uses memory.
enum class Access : std::uint8_t { load, store, atomic, async_copy, matrix, accesses };
inline constexpr std::size_t kAccesses = static_cast<std::size_t>(Access::accesses);
/// "load"
[[nodiscard]] const char* name_of(Access);

/// What floating-point (and tensor cores' integer) operations are counted by.
enum class Flops : std::uint8_t {
  f16,
  bf16,
  f32,
  f64,
  tensor_f16,
  tensor_bf16,
  tensor_tf32,
  tensor_f64,
  tensor_int,
  types
};
inline constexpr std::size_t kFlops = static_cast<std::size_t>(Flops::types);
/// "tensor_f16"
[[nodiscard]] const char* name_of(Flops);

struct Kind {
  Class of = Class::other;
  Access access = Access::load;
  Flops type = Flops::f32;
  /// An addition or a multiplication is one, a multiplication with an addition two, as in Nsight Compute
  /// (sm__sass_thread_inst_executed_op_fadd_pred_on and its like); all else is none.
  std::uint32_t flops_a_lane = 0;
  std::uint32_t flops_a_warp = 0;  ///< of tensor cores: 2 M N K
  std::string tensor;              ///< of tensor cores: "mma.m16n8k16.f32.f16", shape, accumulator, operands
};

}  // namespace softcuda::count
