#include "harness/softcuda/exec/summary.h"

#include "harness/softcuda/exec/report.h"

namespace softcuda::exec {
namespace {

using count::KernelCounters;
using count::Line;

/// The line of an origin, which is looked for once.
class Lines {
 public:
  Lines(const Program& program, KernelCounters& into)
      : program_(program), into_(into), found_(program.origins.size()) {}

  Line& of(std::uint32_t origin) {
    Line*& line = found_[origin];
    if (line != nullptr) return *line;
    count::Place place;
    set_line(*program_.module, program_.origins[origin].instruction, place.first, place.second);
    return *(line = &into_.lines[place]);  // a map's elements stay where they are
  }

 private:
  const Program& program_;
  KernelCounters& into_;
  std::vector<Line*> found_;
};

void add_block(const Program& program, const CountedBlock& block, const count::BlockCount& count,
               Lines& lines, KernelCounters& into) {
  if (count.executions == 0) return;
  const count::Instructions each{count.executions, count.lanes};
  for (const std::uint32_t origin : block.instructions) {
    const count::Kind& kind = program.origins[origin].kind;
    into.instructions += each;
    into.by_class[static_cast<std::size_t>(kind.of)] += each;
    into.flops[static_cast<std::size_t>(kind.type)] +=
        kind.flops_a_lane * count.lanes + kind.flops_a_warp * count.executions;
    if (!kind.tensor.empty()) into.tensor[kind.tensor] += count.executions;
    lines.of(origin).instructions += each;
  }
  if (!block.branches) return;
  into.branches += count.executions;
  into.divergences += count.divergences;
  lines.of(block.instructions.back()).divergences += count.divergences;
}

}  // namespace

KernelCounters summary_of(const Program& program, const count::Tally& tally) {
  KernelCounters into;
  into.kernel = program.kernel;
  into.launches = 1;
  into.barriers = tally.barriers;
  Lines lines(program, into);
  for (std::size_t b = 1; b < program.blocks.size(); ++b)
    add_block(program, program.blocks[b], tally.blocks[b], lines, into);
  for (std::size_t space = 0; space < count::kSpaces; ++space) {
    for (std::size_t site = 0; site < program.sites; ++site) {
      const count::Traffic& traffic = tally.traffic[space][site];
      if (traffic.requests == 0) continue;
      const std::uint32_t origin = program.site_origins[site];
      const auto access = static_cast<std::size_t>(program.origins[origin].kind.access);
      into.traffic[space][access] += traffic;
      lines.of(origin).traffic[space] += traffic;
    }
  }
  return into;
}

count::Counters totals_of(const Program& program, const count::Tally& tally) {
  count::Counters totals;
  totals.launches = 1;
  totals.barriers = tally.barriers;
  for (std::size_t b = 1; b < program.blocks.size(); ++b) {
    const std::uint64_t length = program.blocks[b].instructions.size();
    totals.warp_instructions += tally.blocks[b].executions * length;
    totals.thread_instructions += tally.blocks[b].lanes * length;
  }
  const auto requests = [&](count::Space space) {
    std::uint64_t sum = 0;
    for (const count::Traffic& one : tally.traffic[static_cast<std::size_t>(space)]) sum += one.requests;
    return sum;
  };
  totals.global_requests = requests(count::Space::global);
  totals.shared_requests = requests(count::Space::shared);
  return totals;
}

}  // namespace softcuda::exec
