#include "harness/softcuda/exec/draft.h"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/control.h"
#include "harness/softcuda/isa/system.h"
#include "harness/softcuda/isa/table.h"

namespace softcuda::exec {
namespace {

using isa::AddressKind;
using isa::OperandSpec;
using ptx::Operand;
using ptx::OperandKind;
using ptx::Space;
using ptx::Type;

/// Lanes of 8-bit types live in 16-bit rows.
int row_bits(Type type) {
  if (type == Type::pred) return 1;
  const int bits = ptx::bits_of(type);
  return bits < 16 ? 16 : bits;
}

Type type_of(const OperandSpec& spec, const isa::Form& form) {
  switch (spec.width) {
    case OperandSpec::Width::type2:
    case OperandSpec::Width::any2: return form.type(1);
    case OperandSpec::Width::type3: return form.type(2);
    case OperandSpec::Width::type4: return form.type(3);
    case OperandSpec::Width::named: return spec.named;
    case OperandSpec::Width::predicate: return Type::pred;
    case OperandSpec::Width::wide: return ptx::bits_of(form.type()) == 16 ? Type::b32 : Type::b64;
    default: return form.type();
  }
}

/// The bits of an immediate as an operand of `type`.
std::uint64_t immediate(const Operand& operand, Type type) {
  if (operand.kind == OperandKind::f64 && type == Type::f32) {
    return std::bit_cast<std::uint32_t>(static_cast<float>(std::bit_cast<double>(operand.bits)));
  }
  if (operand.kind == OperandKind::f32 && type == Type::f64) {
    return std::bit_cast<std::uint64_t>(
        static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(operand.bits))));
  }
  return operand.bits;
}

std::optional<AddressKind> address_kind(Space space, int bits) {
  const bool narrow = bits == 32;
  switch (space) {
    case Space::global:
    case Space::constant:
      if (narrow) return std::nullopt;
      return AddressKind::global64;
    case Space::shared: return narrow ? AddressKind::shared32 : AddressKind::shared64;
    case Space::local: return narrow ? AddressKind::local32 : AddressKind::local64;
    case Space::param: return narrow ? AddressKind::param32 : AddressKind::param64;
    default:
      if (narrow) return std::nullopt;
      return AddressKind::generic64;
  }
}

isa::Order order_of(const isa::Form& form) {
  if (form.has("acq_rel")) return isa::Order::acq_rel;
  if (form.has("acquire")) return isa::Order::acquire;
  if (form.has("release")) return isa::Order::release;
  const bool atomic = form.opcode() == "atom" || form.opcode() == "red";  // relaxed where nothing is said
  const bool strong = atomic || !form.which({"volatile", "relaxed", "mmio"}).empty();
  return strong ? isa::Order::strong : isa::Order::weak;
}

/// Constants and what calls hand over lie in memories of ours that are others' on a GPU.
isa::Counting counting_of(const isa::Form& form, Space space) {
  const bool handed_over = form.space() == Space::param && space == Space::local;
  if (handed_over || form.space() == Space::constant) return isa::Counting::none;
  const bool atomic = form.opcode() == "atom" || form.opcode() == "red";
  return atomic ? isa::Counting::atomic : isa::Counting::plain;
}

}  // namespace

void Drafter::error(const Item& item, const std::string& what) {
  flat_.errors.push_back(
      fmt::format("{}: `{}`: {}", item.instruction->ptx_line, isa::spelled(*item.instruction), what));
}

int Drafter::register_bits(const Item& item, const Operand& operand) const {
  const ptx::Function& f = *flat_.frames[static_cast<std::size_t>(item.frame)].function;
  return row_bits(f.registers.at(static_cast<std::size_t>(operand.index)).type);
}

int Drafter::register_row(const Item& item, const Operand& operand) {
  return rows_.reg(flat_.frames[static_cast<std::size_t>(item.frame)].first_register + operand.index,
                   register_bits(item, operand));
}

int Drafter::guard_row(const Item& item) {
  Operand operand;
  operand.kind = OperandKind::reg;
  operand.index = item.guard;
  if (register_bits(item, operand) != 1) error(item, "the guard is no predicate register");
  return register_row(item, operand);
}

int Drafter::operand_row(const Item& item, const Operand& operand, Type type, int bits, bool written,
                         std::vector<Draft>& out) {
  switch (operand.kind) {
    case OperandKind::reg: {
      const int have = register_bits(item, operand);
      if (have != bits) error(item, fmt::format("an operand of {} bits where {} are expected", have, bits));
      return register_row(item, operand);
    }
    case OperandKind::sink:
      if (!written) error(item, "`_` where a value is read");
      return rows_.sink(bits);
    case OperandKind::integer:
    case OperandKind::f32:
    case OperandKind::f64:
      if (written) error(item, "a constant where a result goes");
      return rows_.constant(immediate(operand, type), bits);
    case OperandKind::special: {
      if (const auto offset = reserved_offset(operand.name); offset && !written && bits != 1)
        return rows_.constant(*offset, bits);
      const auto special = special_named(operand.name);
      if (!special || written || bits == 1) {
        error(item, fmt::format("special register `{}` is not supported here", operand.name));
        return rows_.sink(bits);
      }
      if (*special == Special::clock || *special == Special::clock_high) {
        const int wide = rows_.scratch(64);
        Draft read;
        const isa::Handlers h = isa::read_clock();
        read.op.full = h.full;
        read.op.masked = h.masked;
        isa::set_clock_read(read.op, position_, *special == Special::clock_high);
        read.rows = {{wide, true}};
        read.shape.rule = Rule::plain;
        out.push_back(read);
        if (bits == 64) return wide;
        ptx::Instruction narrow;  // the low half
        narrow.opcode = "cvt";
        narrow.modifiers = {"u32", "u64"};
        narrow.operands.resize(2);
        isa::Form form = *isa::decode(narrow).form;
        form.bits[0] = bits;
        form.bits[1] = 64;
        const isa::Handlers c = form.pattern().entry().bind(form);
        Draft cut;
        cut.op.full = c.full;
        cut.op.masked = c.masked;
        const int half = rows_.scratch(bits);
        cut.rows = {{half, true}, {wide, false}};
        cut.shape.rule = Rule::plain;
        out.push_back(cut);
        return half;
      }
      return rows_.special(*special, bits);
    }
    case OperandKind::symbol: {
      const auto place = placement_.find(flat_, item.frame, operand);
      if (!place || written || bits < 32) {
        error(item, fmt::format("`{}` has no address here", operand.name));
        return rows_.sink(bits);
      }
      return rows_.constant(place->address + operand.bits, bits);
    }
    case OperandKind::negated: {
      if (bits != 1 || written || operand.elements.front().kind != OperandKind::reg) {
        error(item, "`!` before something that is no predicate");
        return rows_.sink(bits);
      }
      ptx::Instruction negation;
      negation.opcode = "not";
      negation.modifiers = {"pred"};
      negation.operands.resize(2);
      const isa::Form form = *isa::decode(negation).form;
      const isa::Handlers h = form.pattern().entry().bind(form);
      Draft made;
      made.op.full = h.full;
      made.op.masked = h.masked;
      made.shape.rule = Rule::plain;
      const int row = rows_.scratch(1);
      made.rows = {{row, true},
                   {operand_row(item, operand.elements.front(), Type::pred, 1, false, out), false}};
      out.push_back(made);
      return row;
    }
    default: error(item, "an operand of a kind that is not supported here"); return rows_.sink(bits);
  }
}

Drafter::Address Drafter::address(const Item& item, const Operand& operand) {
  const auto offset = static_cast<std::int64_t>(operand.bits);
  if (operand.kind != OperandKind::address || operand.elements.size() > 1) {
    error(item, "an address in brackets is expected");
    return {rows_.constant(0, 64), 64, 0, Space::generic};
  }
  if (operand.elements.empty()) return {rows_.constant(0, 64), 64, offset, Space::generic};
  const Operand& base = operand.elements.front();
  if (base.kind == OperandKind::reg) {
    const int bits = register_bits(item, base);
    if (bits != 32 && bits != 64) error(item, "an address register of neither 32 nor 64 bits");
    return {register_row(item, base), bits, offset, Space::generic};
  }
  const auto place = placement_.find(flat_, item.frame, base);
  if (!place) {
    error(item, fmt::format("`{}` has no address here", base.name));
    return {rows_.constant(0, 64), 64, 0, Space::generic};
  }
  return {rows_.constant(place->address, 64), 64, offset, place->space};
}

int Drafter::half_row(const Item& item, const Operand& operand, bool high, bool written) {
  if (operand.kind == OperandKind::sink && written) return rows_.sink(64);
  if (operand.kind != OperandKind::reg || register_bits(item, operand) != 128) {
    error(item, "a 128-bit register is expected");
    return rows_.sink(64);
  }
  const int number = flat_.frames[static_cast<std::size_t>(item.frame)].first_register + operand.index;
  return rows_.reg(high ? Rows::upper_half(number) : number, 64);
}

/// vprintf and __assertfail: their op's rows are offsets of what is handed over in the lane's local memory,
/// parameters first, then the result.
void Drafter::system_call(int at, std::vector<Draft>& out) {
  const Item& item = flat_.items[static_cast<std::size_t>(at)];
  Draft made;
  made.item = at;
  std::string name;
  std::vector<std::uint32_t> parameters, results;
  for (const Operand& operand : item.instruction->operands) {
    if (operand.kind == OperandKind::function) name = operand.name;
    auto& into = name.empty() ? results : parameters;
    for (const Operand& element : operand.elements) {
      const auto place = placement_.find(flat_, item.frame, element);
      if (!place || place->space != Space::local) return error(item, "a parameter without an address");
      into.push_back(static_cast<std::uint32_t>(place->address));
    }
  }
  const bool prints = name == "vprintf";
  if (parameters.size() != (prints ? 2U : 5U) || results.size() != (prints ? 1U : 0U))
    return error(
        item, fmt::format("`{}` with {} parameters and {} results", name, parameters.size(), results.size()));
  parameters.insert(parameters.end(), results.begin(), results.end());
  std::ranges::copy(parameters, made.op.rows);
  const isa::Handlers handlers = prints ? isa::device_printf() : isa::device_assert();
  made.op.full = handlers.full;
  made.op.masked = handlers.masked;
  out.push_back(std::move(made));
}

void Drafter::draft(int at, std::vector<Draft>& out) {
  const Item& item = flat_.items[static_cast<std::size_t>(at)];
  if (item.kind == ItemKind::system) return system_call(at, out);
  isa::Form& form = flat_.forms[static_cast<std::size_t>(item.form)];
  Draft made;
  made.item = at;
  std::size_t operand_at = 0;
  std::size_t row_at = 0;
  const auto place_row = [&](int row, bool written, int bits) {
    if (row_at >= form.bits.size()) return;
    form.bits[row_at++] = bits;
    made.rows.push_back({row, written});
  };
  for (const OperandSpec& spec : form.pattern().operands()) {
    const Operand* operand = nullptr;
    static const Operand kSink;
    if (spec.carry) {  // one a thread, for the kernel and all that it calls
      place_row(rows_.reg(Rows::kCarry, 1), spec.written, 1);
      continue;
    }
    if (spec.optional_pair) {
      const Operand& before = item.instruction->operands[operand_at - 1];
      operand = before.kind == OperandKind::pair ? &before.elements[1] : &kSink;
    } else {
      operand = &item.instruction->operands[operand_at++];
      if (operand->kind == OperandKind::pair) operand = &operand->elements[0];
    }
    if (spec.opaque) continue;
    if (spec.address) {
      Address a = address(item, *operand);
      Space space = spec.space != Space::generic ? spec.space : form.space();
      // A symbol says itself where it lives; ld.param of a call's variable is a lane's own memory.
      if (a.space != Space::generic) {
        const bool differs = space != Space::generic && space != a.space &&
                             !(space == Space::param && a.space == Space::local) &&
                             !(space == Space::constant && a.space == Space::global);
        if (differs) error(item, "the address is in another state space");
        space = a.space;
      }
      if (space == Space::param && form.opcode() == "st")
        error(item, "a kernel's parameters cannot be written");
      const auto kind = address_kind(space, a.bits);
      if (!kind) error(item, "a 32-bit address of global memory");
      const std::uint32_t how =
          isa::packed(kind.value_or(AddressKind::generic64), order_of(form), counting_of(form, space));
      if (made.keep_last) {  // a second address: see isa::second_address
        made.op.imm = isa::two_offsets(made.op.imm, a.offset);
        made.op.rows[6] = how;
        ++sites_;
      } else {
        made.op.imm = a.offset;
        made.op.rows[7] = how;
        made.op.extra = sites_++;
      }
      (made.keep_last ? made.shape.second_address : made.shape.address) =
          static_cast<std::int8_t>(made.rows.size());
      made.keep_last = true;
      form.address_bits = a.bits;
      form.address_space = space;
      place_row(a.row, false, a.bits);
      continue;
    }
    const Type type = type_of(spec, form);
    const bool any = spec.width == OperandSpec::Width::any || spec.width == OperandSpec::Width::any2;
    const int least = row_bits(type);
    const int elements = spec.elements < 0 ? form.vector() : spec.elements;
    const bool in_list = operand->kind == OperandKind::vector;
    if (in_list ? static_cast<int>(operand->elements.size()) != elements : elements != 1) {
      error(item, fmt::format("a list of {} operands is expected", elements));
      continue;
    }
    // Registers of a vector may differ in width no more than one: the handler is for one width.
    int width = least;
    for (int k = 0; k < elements; ++k) {
      const Operand& element = in_list ? operand->elements[static_cast<std::size_t>(k)] : *operand;
      if (any && element.kind == OperandKind::reg) width = std::max(width, register_bits(item, element));
    }
    for (int k = 0; k < elements; ++k) {
      const Operand& element = in_list ? operand->elements[static_cast<std::size_t>(k)] : *operand;
      if (width == 128)
        for (const bool high : {false, true})
          place_row(half_row(item, element, high, spec.written), spec.written, 64);
      else
        place_row(operand_row(item, element, type, width, spec.written, out), spec.written, width);
    }
  }
  form.rows = static_cast<int>(row_at);
  made.shape.rule = rule_of(form);
  made.shape.transposed = form.has("trans");
  if (!flat_.errors.empty())
    return;  // the module will not load: no handler need be picked for wrong operands

  const isa::Handlers handlers = form.pattern().entry().bind(form);
  if (handlers.full == nullptr || handlers.masked == nullptr)
    return error(item, "registers of this width are not supported here");
  made.op.full = handlers.full;
  made.op.masked = handlers.masked;
  if (!made.keep_last) {
    made.op.imm = handlers.imm;
    made.op.extra = handlers.extra;
  }
  if (item.guard >= 0 && item.flow != isa::Flow::branch) {
    Draft guard;
    const isa::Handlers h = item.unless ? isa::guard_unless() : isa::guard_if();
    guard.op.full = h.full;
    guard.op.masked = h.masked;
    guard.rows = {{guard_row(item), false}};
    guard.shape.rule = item.unless ? Rule::guard_unless : Rule::guard_if;
    guard.item = at;
    out.push_back(guard);
    made.conditional = true;
  }
  out.push_back(std::move(made));
}

}  // namespace softcuda::exec
