#pragma once
#include <cstdint>

#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/warp.h"

/// Where detectors look on. A warp without detectors has no Watch, and pays one comparison an access.
namespace softcuda::isa {

enum class Use : std::uint8_t {
  read,
  write,
  update,  ///< one atomic read-modify-write: never races with another
  copy,    ///< the issue of an asynchronous write: it is under way until its thread has waited for it
};

/// An access that has passed memcheck, about to be made. Addresses are host addresses: shared and local
/// memory are told by where they lie (Warp::shared, Warp::local).
struct Touch {
  const Op* op = nullptr;
  Shape shape = Shape::scattered;
  const Access* access = nullptr;
  std::uint32_t bytes = 0;  ///< a lane's
  Use use = Use::read;
  AddressKind kind = AddressKind::generic64;
};

[[nodiscard]] inline std::uint64_t address_of(const Touch& touch, int lane) {
  switch (touch.shape) {
    case Shape::uniform: return touch.access->at[0];
    case Shape::contiguous: return touch.access->at[0] + static_cast<std::uint64_t>(lane) * touch.bytes;
    default: return touch.access->at[lane];
  }
}

struct AsyncCopy;

class Watch {
 public:
  virtual ~Watch() = default;
  /// Executes ops until the warp has to stop, as whoever has no detectors does: `full` picks the handlers.
  virtual void run(Warp&, const Op*, bool full) = 0;
  virtual void touched(Warp&, const Touch&) = 0;
  /// membar, fence: of `order` acquire, release or acq_rel (sc included).
  virtual void fenced(Warp&, Order) = 0;
  /// A *.sync instruction that its lanes have executed together: row `masks` holds their member masks.
  virtual void met(Warp&, const Op*, std::uint32_t mask_row) = 0;
  /// The whole warp has executed an instruction together that has no mask.
  virtual void converged(Warp&) = 0;
  /// Lanes of an asynchronous copy have been waited for by those who issued it.
  virtual void delivered(Warp&, const AsyncCopy&, std::uint32_t lanes) = 0;
  /// cp.async.wait_group by lanes that have issued copies and never committed any.
  virtual void uncommitted(Warp&, const Op*, std::uint32_t lanes) = 0;
  /// mbarrier at host address `barrier`: an arrival orders what the active lanes did before it, a wait that
  /// has ended what comes behind it.
  virtual void arrived(Warp&, std::uint64_t barrier) = 0;
  virtual void waited(Warp&, std::uint64_t barrier) = 0;
};

/// The way of every instruction to memory: resolves its address operand and tells who looks on. `bytes` a
/// lane, a power of two.
inline Shape reach(Warp& w, const Op* op, std::uint32_t address_row, std::uint32_t bytes, Use use,
                   Access& access) {
  const AddressKind kind = address_kind_of(op);
  const Shape shape = resolver_of(kind)(w, op, address_row, bytes, use != Use::read, access);
  if (w.watch != nullptr && shape != Shape::faulted) [[unlikely]]
    w.watch->touched(w, {op, shape, &access, bytes, use, kind});
  return shape;
}

/// The same for an instruction whose address operand has to be read as `as` has it: faults and detectors are
/// told of `op` all the same.
inline Shape reach_as(Warp& w, const Op* op, const Op& as, std::uint32_t address_row, std::uint32_t bytes,
                      Use use, Access& access) {
  const AddressKind kind = address_kind_of(op);
  const Shape shape = resolver_of(kind)(w, &as, address_row, bytes, use != Use::read, access);
  if (shape == Shape::faulted) w.raised.op = op;
  if (w.watch != nullptr && shape != Shape::faulted) [[unlikely]]
    w.watch->touched(w, {op, shape, &access, bytes, use, kind});
  return shape;
}

}  // namespace softcuda::isa
