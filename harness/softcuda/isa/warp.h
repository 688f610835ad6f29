#pragma once
#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/softcuda/check/allocations.h"
#include "harness/softcuda/check/fault.h"
#include "harness/softcuda/count/tally.h"
#include "harness/softcuda/count/wavefronts.h"
#include "harness/softcuda/isa/modes.h"
#include "harness/softcuda/ptx/module.h"

/// What an instruction sees of the machine: one warp, its registers, its block's memories.
namespace softcuda::isa {

inline constexpr int kLanes = 32;
inline constexpr std::uint32_t kAllLanes = 0xffffffffu;

struct Op;
struct Warp;
class Watch;
class Copies;
class System;

/// Executes one instruction and returns the one to go on with; nullptr when the warp has to stop (Warp::stop
/// says why).
using Handler = const Op* (*)(Warp&, const Op*);

/// A decoded instruction. Operands are rows: byte offsets from the Warp object to 32 lanes (predicates: to
/// one 32-bit mask). Immediates and special registers are rows too, filled in before the warp starts, so that
/// no handler asks what kind of operand it has. An instruction with more than 8 rows goes on in the next
/// slot.
struct alignas(64) Op {
  Handler full = nullptr;    ///< every lane that still lives is active: idle lanes may be overwritten
  Handler masked = nullptr;  ///< only the lanes of Warp::active may change
  std::uint32_t rows[8] = {};
  std::int64_t imm = 0;      ///< address offset; of a branch, the distance to its target in ops
  std::uint32_t number = 0;  ///< index into the kernel's instructions, for reports
  std::uint32_t extra =
      0;  ///< memory: its slot in Warp::sites and Warp::traffic; end of a block: PTX instructions in it
};
static_assert(sizeof(Op) == 64);

/// Why a warp's current group of lanes stopped.
enum class Stop : std::uint8_t {
  none,
  moved,     ///< a block ended and other groups wait: `pc` says where this group goes on
  diverged,  ///< `split` goes on at `split_pc`, the rest of `active` at `pc`
  exited,    ///< all of `active` are done
  barrier,   ///< at a CTA barrier; goes on at `pc` when it completes
  waiting,  ///< a *.sync instruction at `pc` whose other members have not arrived; `split` of the lanes could
            ///< go on if they were alone
  yielded,  ///< its turn is over; goes on at `pc`
  fault,    ///< `raised`
};

/// A fault as the handler saw it; exec/ makes words of it.
struct Raised {
  check::FaultKind kind = check::FaultKind::trap;
  const Op* op = nullptr;
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;
  int lane = 0;
  bool write = false;
  ptx::Space space = ptx::Space::generic;
};

/// What a barrier instruction asked for.
struct BarrierRequest {
  enum class Kind : std::uint8_t { sync, arrive, reduce_popc, reduce_and, reduce_or };
  Kind kind = Kind::sync;
  bool aligned = true;  ///< every lane of the warp executes this very instruction ("bar is .aligned")
  std::uint32_t number = 0;
  std::uint32_t threads = 0;  ///< 0: all of the block
  std::uint32_t result = 0;   ///< row of a reduction's result
  std::uint32_t votes = 0;    ///< lanes whose predicate is true
};

/// Marks of the windows of the generic address space, in an address's top byte: no host or device address has
/// one. "Generic Addressing" (PTX ISA 6.4.1.1) leaves the values open.
inline constexpr std::uint64_t kSharedWindow = std::uint64_t{1} << 56;
inline constexpr std::uint64_t kLocalWindow = std::uint64_t{2} << 56;
inline constexpr std::uint64_t kParamWindow = std::uint64_t{3} << 56;
inline constexpr std::uint64_t kWindowMask = std::uint64_t{0xff} << 56;

/// The head of a warp's register file; the rows follow it in memory.
struct alignas(64) Warp {
  std::uint32_t active = 0;   ///< lanes that execute now
  std::uint32_t live = 0;     ///< lanes that have not exited
  std::int64_t turn = 0;      ///< instructions left before the warp has to give way
  std::int64_t turn_end = 0;  ///< instructions that the warp will have issued when none are left
  std::uint64_t slept = 0;    ///< nanoseconds
  const Op* pc = nullptr;
  const Op* limit = nullptr;  ///< several groups: one of them waits here, so go no further
  const Op* split_pc = nullptr;
  std::uint32_t split = 0;
  Stop stop = Stop::none;

  std::byte* shared = nullptr;
  std::uint32_t shared_bytes = 0;
  std::uint32_t local_bytes = 0;  ///< per lane
  std::byte* local = nullptr;     ///< lane l's frame starts at l * local_bytes
  const std::byte* params = nullptr;
  std::uint32_t param_bytes = 0;
  int index = 0;                     ///< in its block
  check::Interval* sites = nullptr;  ///< per memory instruction, the allocation that it met last
  const check::Allocations* allocations = nullptr;
  const Modes* modes = nullptr;
  Watch* watch = nullptr;    ///< detectors that want to see every access; nullptr: none
  Watch* sync = nullptr;     ///< those that want to hear of wrong synchronisation; nullptr: none
  Copies* copies = nullptr;  ///< the block's
  System* system = nullptr;  ///< takes what the kernel prints

  count::BlockCount* blocks = nullptr;                    ///< by number: see control.h
  std::array<count::Traffic*, count::kSpaces> traffic{};  ///< by space, by slot in `sites`
  count::SharedPattern* patterns = nullptr;               ///< by slot in `sites`

  BarrierRequest barrier;
  Raised raised;

  template <class T>
  [[nodiscard]] T* row(std::uint32_t offset) {
    return static_cast<T*>(__builtin_assume_aligned(reinterpret_cast<std::byte*>(this) + offset,
                                                    sizeof(T) * kLanes < 64 ? 4 : 64));
  }
  [[nodiscard]] std::uint32_t& predicate(std::uint32_t offset) {
    return *reinterpret_cast<std::uint32_t*>(reinterpret_cast<std::byte*>(this) + offset);
  }
  /// A handler's way out: `return w.fault({...});`
  const Op* fault(const Raised& what) {
    raised = what;
    stop = Stop::fault;
    return nullptr;
  }
};

}  // namespace softcuda::isa
