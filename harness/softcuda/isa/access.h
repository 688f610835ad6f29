#pragma once
#include <cstdint>

#include "harness/softcuda/isa/warp.h"

/// From the addresses of a warp's access to host memory, checked.
namespace softcuda::isa {

/// What the active lanes' addresses look like together.
enum class Shape : std::uint8_t {
  faulted,     ///< Warp::raised says why
  uniform,     ///< all the same: at[0]
  contiguous,  ///< lane l's is at[0] + l * bytes; every lane is active
  scattered,   ///< at[l] of each active lane
};

/// Host addresses of a warp's access.
struct Access {
  alignas(64) std::uint64_t at[kLanes];
};

/// How an access takes part in ordering (PTX ISA 8, "Memory Consistency Model").
enum class Order : std::uint8_t {
  weak,
  strong,  ///< volatile, relaxed: no data race with other strong accesses, orders nothing by itself
  acquire,
  release,
  acq_rel,
};

/// How an instruction's address operand is to be read; chosen when the instruction is decoded and kept, with
/// its order and how its traffic counts, in its last row's slot.
enum class AddressKind : std::uint8_t {
  global64,
  shared32,
  shared64,
  local32,
  local64,
  param32,
  param64,
  generic64,
  kinds
};
/// How an access is counted: as other loads and stores; as lanes that wait for each other; not at all
/// (constants, what a call hands over, and parts of what counts as one).
enum class Counting : std::uint8_t { plain, atomic, none };
[[nodiscard]] constexpr std::uint32_t packed(AddressKind kind, Order order,
                                             Counting counting = Counting::plain) {
  return static_cast<std::uint32_t>(kind) | static_cast<std::uint32_t>(order) << 8 |
         static_cast<std::uint32_t>(counting) << 16;
}
[[nodiscard]] inline AddressKind address_kind_of(const Op* op) {
  return static_cast<AddressKind>(op->rows[7] & 0xff);
}
[[nodiscard]] inline Order order_of(const Op* op) { return static_cast<Order>(op->rows[7] >> 8); }
[[nodiscard]] inline Counting counting_of(const Op* op) { return static_cast<Counting>(op->rows[7] >> 16); }
/// The op as one whose traffic is counted elsewhere.
[[nodiscard]] inline Op uncounted(Op op) {
  op.rows[7] = (op.rows[7] & 0xffffu) | static_cast<std::uint32_t>(Counting::none) << 16;
  return op;
}

/// An instruction with two addresses keeps the second one's kind in rows[6], its slot in Warp::sites behind
/// the first one's, and both offsets, of 32 bits, in Op::imm. These are the instruction as it would be with
/// one.
[[nodiscard]] constexpr std::int64_t two_offsets(std::int64_t first, std::int64_t second) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(second) << 32 |
                                   static_cast<std::uint32_t>(first));
}
[[nodiscard]] inline Op first_address(const Op* op) {
  Op one = *op;
  one.imm = static_cast<std::int32_t>(op->imm);
  return one;
}
[[nodiscard]] inline Op second_address(const Op* op) {
  Op one = *op;
  one.imm = op->imm >> 32;
  one.rows[7] = op->rows[6];
  one.extra = op->extra + 1;
  return one;
}

/// An instruction of `rows` rows, address included: where there are 8 and more, rows[7] is one of them, and
/// the address's kind stands at the end of the next slot. This is the instruction as it would be with fewer.
[[nodiscard]] inline Op wide_address(const Op* op, int rows) {
  Op one = *op;
  if (rows > 7) one.rows[7] = reinterpret_cast<const std::uint32_t*>(op + 1)[15];
  return one;
}

/// Checks an access of `bytes` bytes by each active lane at [row address_row + op->imm]: bounds, alignment,
/// space. Counts the request. `bytes` is a power of two.
using Resolver = Shape (*)(Warp&, const Op*, std::uint32_t address_row, std::uint32_t bytes, bool write,
                           Access&);
[[nodiscard]] Resolver resolver_of(AddressKind);

/// As a Resolver, of addresses that an instruction has computed itself: `access` holds them, offset and all,
/// for every active lane.
[[nodiscard]] Shape resolve_addresses(Warp&, const Op*, std::uint32_t bytes, bool write, Access& access);

/// Counts one request, for instructions that reach memory by uncounted parts: by the active lanes, each
/// within the sector of host address at[l] in global memory, of `asked` bytes together; or at offset[l] in
/// shared memory, of `bytes` bytes each.
void count_global(Warp&, const Op*, const std::uint64_t* at, std::uint32_t asked);
void count_shared(Warp&, const Op*, const std::uint32_t* offset, std::uint32_t bytes);

/// Fills at[l] of every active lane, whatever the shape that an access of `bytes` resolved to.
void spread(Access&, Shape, std::uint32_t bytes);

}  // namespace softcuda::isa
