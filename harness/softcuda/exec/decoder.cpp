#include "harness/softcuda/exec/decoder.h"

#include <algorithm>
#include <set>

#include "harness/softcuda/exec/draft.h"
#include "harness/softcuda/exec/order.h"
#include "harness/softcuda/exec/register_file.h"
#include "harness/softcuda/isa/access.h"
#include "harness/softcuda/isa/control.h"
#include "harness/softcuda/isa/kinds.h"

namespace softcuda::exec {
namespace {

using isa::Flow;

/// Whether lanes may go different ways: a branch of the program's own, not what a guard on a return was made
/// into.
bool is_branch(const Item& item) {
  return item.kind == ItemKind::instruction &&
         (item.flow == Flow::indexed_branch || (item.flow == Flow::branch && item.guard >= 0));
}

/// Items [first, last) that are entered at the first and left behind the last.
struct Block {
  int first = 0, last = 0;
};

class Decoder {
 public:
  Decoder(Flat& flat, Drafter& drafter) : flat_(flat), drafter_(drafter) {}

  void run() {
    find_blocks();
    order_ = rank_order(graph());
    for (std::size_t rank = 0; rank < order_.size(); ++rank) draft_block(rank);
  }
  std::vector<Draft> drafts;
  std::vector<DraftBlock> draft_blocks;  ///< by block
  [[nodiscard]] std::size_t first_draft(int block) const {
    return draft_blocks[static_cast<std::size_t>(block)].first;
  }
  [[nodiscard]] const std::vector<Block>& blocks() const { return blocks_; }

 private:
  [[nodiscard]] const Item& item(int at) const { return flat_.items[static_cast<std::size_t>(at)]; }
  [[nodiscard]] int block_at(int at) const { return block_of_[static_cast<std::size_t>(at)]; }

  /// A block starts at a target, behind what leaves, and at each instruction where lanes may have to meet: so
  /// that groups merge only where blocks start, and blocks can be counted as wholes.
  void find_blocks() {
    const int count = static_cast<int>(flat_.items.size());
    std::set<int> leaders{0};
    for (int at = 0; at < count; ++at) {
      const Item& i = item(at);
      for (const int target : i.targets) leaders.insert(target);
      if (i.flow == Flow::meeting) leaders.insert(at);
      if (i.flow != Flow::plain && i.flow != Flow::memory && i.flow != Flow::meeting) leaders.insert(at + 1);
    }
    block_of_.assign(static_cast<std::size_t>(count) + 1, -1);
    for (auto leader = leaders.begin(); leader != leaders.end() && *leader < count; ++leader) {
      const auto next = std::next(leader);
      const Block block{*leader, next == leaders.end() ? count : std::min(*next, count)};
      for (int at = block.first; at < block.last; ++at)
        block_of_[static_cast<std::size_t>(at)] = static_cast<int>(blocks_.size());
      blocks_.push_back(block);
    }
    draft_blocks.resize(blocks_.size());
  }

  /// Whether control can run on behind the block's last item.
  [[nodiscard]] bool runs_on(const Block& block) const {
    const Item& last = item(block.last - 1);
    if (last.flow == Flow::exit || last.flow == Flow::indexed_branch) return false;
    return last.flow != Flow::branch || last.guard >= 0;
  }

  Graph graph() {
    Graph graph(blocks_.size());
    for (std::size_t b = 0; b < blocks_.size(); ++b) {
      const Item& last = item(blocks_[b].last - 1);
      for (const int target : last.targets) graph[b].push_back(block_at(target));
      if (runs_on(blocks_[b]) && blocks_[b].last < static_cast<int>(flat_.items.size()))
        graph[b].push_back(block_at(blocks_[b].last));
      draft_blocks[b].successors = graph[b];
    }
    return graph;
  }

  /// How an op ends its block: where it is the one that counts it, with the instructions in it.
  struct End {
    std::uint32_t counted = 0, number = 0, number_of_branch = 0;
  };
  void put(isa::Handlers h, std::vector<RowUse> rows, int at, int target, const End& end) {
    Draft draft;
    draft.op.full = h.full;
    draft.op.masked = h.masked;
    draft.op.extra = end.counted;
    isa::put_block(draft.op, end.number, end.number_of_branch);
    draft.shape.rule = rows.empty() ? Rule::nothing : Rule::branch;
    draft.rows = std::move(rows);
    draft.item = at;
    draft.target = target;
    drafts.push_back(std::move(draft));
  }

  void draft_block(std::size_t rank) {
    const int number = order_[rank];
    const Block& block = blocks_[static_cast<std::size_t>(number)];
    draft_blocks[static_cast<std::size_t>(number)].first = drafts.size();
    End counting{0, static_cast<std::uint32_t>(number) + 1, 0};
    for (int at = block.first; at < block.last; ++at)
      counting.counted += static_cast<std::uint32_t>(item(at).counted);
    if (is_branch(item(block.last - 1))) counting.number_of_branch = counting.number;
    const int next = runs_on(block) ? block_at(block.last) : -1;
    const bool next_follows = rank + 1 < order_.size() && order_[rank + 1] == next;
    std::uint32_t position = 0;
    for (int at = block.first; at < block.last; ++at) {
      const Item& i = item(at);
      drafter_.set_position(position);
      position += static_cast<std::uint32_t>(i.counted);
      switch (i.flow) {
        case Flow::plain:
        case Flow::memory:
        case Flow::meeting:
          drafter_.draft(at, drafts);
          if (i.flow == Flow::meeting) meeting(number);
          if (at == block.last - 1) put(isa::jump(), {}, at, next, counting);
          break;
        case Flow::branch: branch(at, counting); break;
        case Flow::indexed_branch: indexed_branch(at, counting); break;
        default:  // exit and barrier end the block by themselves
          drafter_.draft(at, drafts);
          if (!flat_.errors.empty()) break;  // it may have drafted nothing
          drafts.back().op.extra = counting.counted;
          isa::put_block(drafts.back().op, counting.number, 0);
          break;
      }
    }
    const Flow end = item(block.last - 1).flow;
    const bool jumps = end == Flow::plain || end == Flow::memory || end == Flow::meeting;
    if (next >= 0 && !jumps && !next_follows) put(isa::jump(), {}, block.last - 1, next, {});
    draft_blocks[static_cast<std::size_t>(number)].last = drafts.size();
  }

  /// A *.sync instruction whose lanes have to wait is run again from its block's start, with what prepares
  /// its operands: what those preparations read must not have been overwritten by then.
  void meeting(int block) {
    if (drafts.empty()) return;
    Draft& sync = drafts.back();
    sync.target = block;
    for (std::size_t k = first_draft(block); k + 1 < drafts.size(); ++k) {
      for (const RowUse& use : drafts[k].rows) {
        if (!use.written) sync.holds.push_back(use.row);
      }
    }
  }

  void branch(int at, const End& counting) {
    const Item& i = item(at);
    const int target = block_at(i.targets.front());
    if (i.guard < 0) return put(isa::jump(), {}, at, target, counting);
    put(i.unless ? isa::branch_unless() : isa::branch_if(), {{drafter_.guard_row(i), false}}, at, target,
        counting);
  }

  /// One comparison a target; what is beyond the table is undefined, and goes to the last one.
  void indexed_branch(int at, const End& counting) {
    const Item& i = item(at);
    const int index = drafter_.operand_row(i, i.instruction->operands[0], ptx::Type::u32, 32, false, drafts);
    const End further{0, 0, counting.number_of_branch};
    for (std::size_t k = 0; k + 1 < i.targets.size(); ++k) {
      put(isa::branch_on_index(), {{index, false}}, at, block_at(i.targets[k]), k == 0 ? counting : further);
      drafts.back().op.rows[1] = static_cast<std::uint32_t>(k);
    }
    if (!i.targets.empty())
      put(isa::jump(), {}, at, block_at(i.targets.back()), i.targets.size() == 1 ? counting : End{});
  }

  Flat& flat_;
  Drafter& drafter_;
  std::vector<Block> blocks_;
  std::vector<int> block_of_;  ///< by item
  std::vector<int> order_;     ///< blocks by rank
};

/// Slots that a draft takes: rows beyond the eighth go into further ones.
std::size_t slots(const Draft& draft) {
  const bool crowded = draft.keep_last && draft.rows.size() > 7;  // see emit
  return draft.rows.size() <= 8 ? (crowded ? 2 : 1) : 1 + (draft.rows.size() - 8 + 15) / 16;
}

/// The draft's shape with its rows' widths.
OpShape shape_of(const Draft& draft, const Rows& rows, const RegisterFile& file) {
  OpShape shape = draft.shape;
  shape.rows = static_cast<std::uint8_t>(draft.rows.size());
  for (std::size_t r = 0; r < draft.rows.size(); ++r) {
    const int bits = rows[draft.rows[r].row].bits;
    const std::uint64_t width = bits == 1 ? 0 : bits == 16 ? 1 : bits == 32 ? 2 : 3;
    shape.widths |= width << 2 * r;
    shape.written |= static_cast<std::uint32_t>(draft.rows[r].written) << r;
    const std::uint32_t offset = file.offset[static_cast<std::size_t>(draft.rows[r].row)];
    shape.early = shape.early || std::ranges::any_of(file.unwritten_at_entry,
                                                     [&](const auto& row) { return row.first == offset; });
  }
  return shape;
}

void emit(const Decoder& decoder, const Flat& flat, const RegisterFile& file, const Rows& rows,
          Program& program) {
  std::vector<std::size_t> at(decoder.drafts.size() + 1, 0);
  for (std::size_t k = 0; k < decoder.drafts.size(); ++k) at[k + 1] = at[k] + slots(decoder.drafts[k]);
  program.ops.resize(at.back());
  program.site_origins.resize(program.sites);
  program.shapes.resize(at.back());
  std::vector<int> number(flat.items.size(), -1);
  for (std::size_t k = 0; k < decoder.drafts.size(); ++k) {
    const Draft& draft = decoder.drafts[k];
    isa::Op& op = program.ops[at[k]];
    op = draft.op;
    program.shapes[at[k]] = shape_of(draft, rows, file);
    if (draft.conditional && k > 0)  // its guard runs it
      program.shapes[at[k - 1]].early = program.shapes[at[k - 1]].early || program.shapes[at[k]].early;
    for (std::size_t r = 0; r < draft.rows.size(); ++r) {
      const std::uint32_t offset = file.offset[static_cast<std::size_t>(draft.rows[r].row)];
      if (r < 8)
        op.rows[r] = offset;
      else
        reinterpret_cast<std::uint32_t*>(&op + 1)[r - 8] = offset;  // raw slots, see isa/warp.h
    }
    // What rows[7] keeps of an address gives way to a row, to the end of the next slot: isa::wide_address.
    if (draft.keep_last && draft.rows.size() > 7)
      reinterpret_cast<std::uint32_t*>(&op + 1)[15] = draft.op.rows[7];
    if (draft.target >= 0) {
      const auto distance =
          static_cast<std::int64_t>(at[decoder.first_draft(draft.target)]) - static_cast<std::int64_t>(at[k]);
      op.imm = draft.shape.address >= 0 ? isa::two_offsets(distance, draft.op.imm) : distance;
    } else if (k + 1 < decoder.drafts.size() && decoder.drafts[k + 1].conditional) {
      op.imm = static_cast<std::int64_t>(at[k + 2] - at[k]);  // a guard: the distance past what it guards
    }
    if (draft.item < 0) continue;
    const Item& item = flat.items[static_cast<std::size_t>(draft.item)];
    int& n = number[static_cast<std::size_t>(draft.item)];
    if (n < 0) {
      n = static_cast<int>(program.origins.size());
      program.origins.push_back({item.instruction, flat.frames[static_cast<std::size_t>(item.frame)].function,
                                 isa::kind_of(flat.forms[static_cast<std::size_t>(item.form)])});
    }
    op.number = static_cast<std::uint32_t>(n);
    if (draft.shape.address >= 0) program.site_origins[draft.op.extra] = op.number;
    if (draft.shape.second_address >= 0) program.site_origins[draft.op.extra + 1] = op.number;
  }
  // Blocks that nothing reaches have no numbers of origins: they stay empty.
  program.blocks.resize(decoder.blocks().size() + 1);
  for (std::size_t b = 0; b < decoder.blocks().size(); ++b) {
    const Block& block = decoder.blocks()[b];
    CountedBlock& counted = program.blocks[b + 1];
    for (int at = block.first; at < block.last; ++at) {
      const int n = number[static_cast<std::size_t>(at)];
      if (n >= 0 && flat.items[static_cast<std::size_t>(at)].counted != 0)
        counted.instructions.push_back(static_cast<std::uint32_t>(n));
    }
    counted.branches = is_branch(flat.items[static_cast<std::size_t>(block.last - 1)]);
  }
}

}  // namespace

tl::expected<DecodedKernel, std::vector<std::string>> decode_kernel(std::shared_ptr<const ptx::Module> module,
                                                                    const ptx::Function& kernel,
                                                                    const GlobalAddresses& globals,
                                                                    int& copies_left) {
  Flat flat = flatten(*module, kernel, copies_left);
  if (!flat.errors.empty()) return tl::unexpected(std::move(flat.errors));
  const Placement placement(*module, globals, flat);
  Rows rows;
  Drafter drafter(flat, placement, rows);
  Decoder decoder(flat, drafter);
  decoder.run();
  if (!flat.errors.empty()) return tl::unexpected(std::move(flat.errors));

  const RegisterFile file = place_rows(rows, decoder.drafts, decoder.draft_blocks);
  auto program = std::make_shared<Program>();
  program->kernel = kernel.name;
  program->sites = drafter.sites();
  emit(decoder, flat, file, rows, *program);
  for (int row = 0; row < rows.count(); ++row) {
    const std::uint32_t offset = file.offset[static_cast<std::size_t>(row)];
    if (rows[row].kind == RowKind::constant)
      program->constants.push_back({offset, rows[row].bits, rows[row].value});
    if (rows[row].kind == RowKind::special)
      program->specials.push_back({offset, rows[row].bits, rows[row].special});
  }
  program->module = std::move(module);
  program->file_bytes = file.bytes;
  program->registers_begin = file.registers_begin;
  program->predicates = file.predicates;
  program->registers_end = file.registers_end;
  program->spare = file.spare;
  program->unwritten_at_entry = file.unwritten_at_entry;
  program->static_shared_bytes = placement.shared_bytes;
  program->reserved_shared_bytes = placement.reserved_shared_bytes;
  program->local_bytes = placement.local_bytes;
  program->parameter_bytes = placement.parameter_bytes;
  return DecodedKernel{program, placement.parameters, file.registers};
}

}  // namespace softcuda::exec
