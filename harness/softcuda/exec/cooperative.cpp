#include "harness/softcuda/exec/cooperative.h"

#include <memory>
#include <vector>

#include <fmt/core.h>

#include "harness/softcuda/exec/block.h"
#include "harness/softcuda/exec/printed.h"
#include "harness/softcuda/exec/turns.h"

namespace softcuda::exec {
namespace {

using Progress = BlockRunner::Progress;

/// Rounds of a block before the next one gets its turn: enough to make switching cheap.
constexpr int kRounds = 256;
/// Rounds in which no block's registers change before that is called a deadlock. What could still end it is
/// a loop that counts in memory alone and forgets each count: ten million instructions of that.
constexpr std::uint64_t kIdleRounds = std::uint64_t{1} << 18;

struct Resident {
  std::uint64_t block = 0;
  std::unique_ptr<BlockMemory> memory = std::make_unique<BlockMemory>();
  std::unique_ptr<BlockRunner> runner;
  Progress progress = Progress::going;
};

/// What the fault of one block does not say: how many others are not done, and who will never come.
void tell_of_the_others(check::Fault& fault, const Launch& launch, const std::vector<Resident>& all) {
  constexpr std::size_t kNamed = 8;
  std::size_t finished = 0;
  std::string names;
  for (const Resident& one : all) {
    if (one.progress != Progress::finished || ++finished > kNamed) continue;
    const auto& grid = launch.grid;
    names += fmt::format("{}({},{},{})", names.empty() ? "" : ", ", one.block % grid[0],
                         one.block / grid[0] % grid[1], one.block / grid[0] / grid[1]);
  }
  if (finished > kNamed) names += ", ...";
  const std::string standing = fault.report.substr(fault.what.size());
  fault.what += fmt::format(", of a cooperative launch: {} of {} blocks have not finished",
                            all.size() - finished, all.size());
  fault.report = fault.what + standing;
  if (finished != 0)
    fault.report += fmt::format("  blocks that have finished, and that nobody should wait for: {}\n", names);
}

/// A few rounds of one block; whether it did anything but wait.
bool take_turn(Resident& one, std::optional<check::Fault>& fault) {
  for (int round = 0; round < kRounds && !fault; ++round) {
    one.progress = one.runner->round(fault);
    if (one.progress != Progress::going) return round != 0 || one.progress == Progress::finished;
  }
  return true;
}

}  // namespace

GridResult run_cooperative(const Launch& launch) {
  std::vector<Resident> all(launch.blocks());
  for (std::uint64_t position = 0; position < all.size(); ++position) {
    Resident& one = all[position];
    one.block = block_at(launch.settings.block_order, position, all.size(), launch.settings.modes.seed);
    one.runner = std::make_unique<BlockRunner>(launch, *one.memory);
    one.runner->begin(one.block);
  }
  GridResult result;
  result.tally = count::Tally(launch.program.blocks.size(), launch.program.sites);
  std::uint64_t idle = 0;
  for (bool unfinished = true; unfinished && !result.fault;) {
    unfinished = false;
    for (Resident& one : all) {
      if (one.progress == Progress::finished) continue;
      idle = take_turn(one, result.fault) ? 0 : idle + 1;
      if (idle == kIdleRounds && !result.fault) result.fault = one.runner->stuck(check::FaultKind::deadlock);
      if (result.fault) break;
      unfinished = unfinished || one.progress != Progress::finished;
    }
  }
  using check::FaultKind;
  if (result.fault &&
      (result.fault->kind == FaultKind::deadlock || result.fault->kind == FaultKind::instruction_limit))
    tell_of_the_others(*result.fault, launch, all);
  Printed printed;
  for (std::uint64_t position = 0; position < all.size(); ++position) {
    BlockRunner& runner = *all[position].runner;
    runner.finish();
    result.tally += runner.tally();
    result.footprint += runner.footprint();
    if (std::string text = runner.take_printed(); !text.empty()) printed.add(position, std::move(text));
  }
  result.printed = printed.text(all.size());
  return result;
}

}  // namespace softcuda::exec
