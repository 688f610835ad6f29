#include "harness/softcuda/exec/block.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

#include <fmt/core.h>

#include "harness/softcuda/exec/report.h"

namespace softcuda::exec {
namespace {

constexpr std::size_t kAlign = 64;

/// Special registers that differ from lane to lane, whatever the block is.
bool is_of_lane(Special what) {
  using enum Special;
  return what == laneid || what == lanemask_eq || what == lanemask_lt || what == lanemask_le ||
         what == lanemask_ge || what == lanemask_gt;
}

/// What a block counts at least against the instruction limit: setting one up takes about as long as running
/// so many, and a grid may have 2^63 blocks that do nothing.
constexpr std::uint64_t kLeastInstructions = 100;

}  // namespace

void Arena::Free::operator()(std::byte* p) const { ::operator delete (p, std::align_val_t{kAlign}); }

std::byte* Arena::reserve(std::size_t bytes) {
  if (bytes > bytes_) {
    data_.reset(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlign})));
    bytes_ = bytes;
  }
  return data_.get();
}

BlockRunner::BlockRunner(const Launch& launch, BlockMemory& memory)
    : launch_(launch),
      files_(memory.files),
      shared_(memory.shared),
      local_(memory.local),
      sites_(launch.program.sites),
      patterns_(launch.program.sites),
      threads_(launch.warps()),
      turns_(launch.settings.warp_order, launch.warps(), launch.settings.modes.seed),
      tally_(launch.program.blocks.size(), launch.program.sites) {
  const Program& program = launch.program;
  const std::size_t files = std::size_t{program.file_bytes} * launch.warps();
  std::memset(files_.reserve(std::max<std::size_t>(files, 1)), 0, files);
  shared_.reserve(std::max<std::uint32_t>(launch.shared_bytes(), 1));
  local_.reserve(std::max<std::size_t>(std::size_t{program.local_bytes} * launch.warps() * isa::kLanes, 1));
  if (launch.detectors != nullptr) watcher_.emplace(launch, *launch.detectors, shared_.data(), local_.data());
  for (std::uint32_t index = 0; index < launch.warps(); ++index) {
    isa::Warp& w = *new (files_.data() + std::size_t{program.file_bytes} * index) isa::Warp;
    w.shared = shared_.data();
    w.shared_bytes = launch.shared_bytes();
    w.local_bytes = program.local_bytes;
    w.local = local_.data() + std::size_t{program.local_bytes} * index * isa::kLanes;
    w.params = launch.parameters.data();
    w.param_bytes = program.parameter_bytes;
    w.index = static_cast<int>(index);
    w.sites = sites_.data();
    w.patterns = patterns_.data();
    w.blocks = tally_.blocks.data();
    for (std::size_t space = 0; space < count::kSpaces; ++space)
      w.traffic[space] = tally_.traffic[space].data();
    w.allocations = &launch.allocations;
    w.modes = &launch.settings.modes;
    w.copies = &copies_;
    w.system = this;
    w.sync = watcher_ ? &*watcher_ : nullptr;
    w.watch = watcher_ && watcher_->sees_accesses() ? &*watcher_ : nullptr;
  }
  fill_constants();
}

isa::Warp& BlockRunner::warp(std::uint32_t index) const {
  return *reinterpret_cast<isa::Warp*>(files_.data() + std::size_t{launch_.program.file_bytes} * index);
}

void BlockRunner::fill_constants() {
  for (std::uint32_t index = 0; index < launch_.warps(); ++index) {
    isa::Warp& w = warp(index);
    for (const ConstantRow& c : launch_.program.constants) {
      switch (c.bits) {
        case 1: w.predicate(c.row) = c.value != 0 ? isa::kAllLanes : 0; break;
        case 16:
          std::fill_n(w.row<std::uint16_t>(c.row), isa::kLanes, static_cast<std::uint16_t>(c.value));
          break;
        case 32:
          std::fill_n(w.row<std::uint32_t>(c.row), isa::kLanes, static_cast<std::uint32_t>(c.value));
          break;
        default: std::fill_n(w.row<std::uint64_t>(c.row), isa::kLanes, c.value); break;
      }
    }
    for (const SpecialRow& special : launch_.program.specials) fill_special(w, special);
  }
}

std::uint64_t BlockRunner::special_value(Special what, std::uint32_t thread, std::uint32_t lane) const {
  const auto& b = launch_.block;
  using enum Special;
  switch (what) {
    case tid_x: return thread % b[0];
    case tid_y: return thread / b[0] % b[1];
    case tid_z: return thread / b[0] / b[1];
    case ntid_x: return b[0];
    case ntid_y: return b[1];
    case ntid_z: return b[2];
    case ctaid_x: return position_[0];
    case ctaid_y: return position_[1];
    case ctaid_z: return position_[2];
    case nctaid_x: return launch_.grid[0];
    case nctaid_y: return launch_.grid[1];
    case nctaid_z: return launch_.grid[2];
    case laneid: return lane;
    case warpid: return thread / isa::kLanes;
    case nwarpid: return launch_.warps();
    case one: return 1;
    case lanemask_eq: return 1u << lane;
    case lanemask_lt: return (1u << lane) - 1;
    case lanemask_le: return (2u << lane) - 1;
    case lanemask_ge: return ~((1u << lane) - 1);
    case lanemask_gt: return ~((2u << lane) - 1);
    case dynamic_shared_bytes: return launch_.dynamic_shared_bytes;
    case total_shared_bytes: return launch_.shared_bytes();
    case workspace_high: return launch_.workspace >> 32;
    case workspace_low: return launch_.workspace & 0xffffffffu;
    default: return 0;
  }
}

void BlockRunner::fill_special(isa::Warp& w, const SpecialRow& special) {
  using enum Special;
  const auto first = static_cast<std::uint32_t>(w.index) * isa::kLanes;
  std::array<std::uint64_t, isa::kLanes> values;
  values.fill(special_value(special.what, first, 0));
  if (special.what == tid_x || special.what == tid_y || special.what == tid_z || is_of_lane(special.what)) {
    for (std::uint32_t lane = 1; lane < isa::kLanes; ++lane)
      values[lane] = special_value(special.what, first + lane, lane);
  }
  for (std::uint32_t lane = 0; lane < isa::kLanes; ++lane) {
    switch (special.bits) {
      case 16: w.row<std::uint16_t>(special.row)[lane] = static_cast<std::uint16_t>(values[lane]); break;
      case 32: w.row<std::uint32_t>(special.row)[lane] = static_cast<std::uint32_t>(values[lane]); break;
      default: w.row<std::uint64_t>(special.row)[lane] = values[lane] & 0xffffffffu; break;
    }
  }
}

void BlockRunner::start() {
  // By default a NaN in every floating-point format, so that a value that was never written shows.
  std::memset(shared_.data(), launch_.settings.poison, launch_.shared_bytes());
  std::memset(shared_.data(), 0, launch_.program.reserved_shared_bytes);
  std::memset(local_.data(), launch_.settings.poison,
              std::size_t{launch_.program.local_bytes} * launch_.warps() * isa::kLanes);
  barriers_.fill({});
  std::vector<isa::Warp*> warps;
  for (std::uint32_t index = 0; index < launch_.warps(); ++index) warps.push_back(&warp(index));
  copies_.start(warps, launch_.settings.modes.late_copies || (watcher_ && watcher_->sees_accesses()));
  for (std::uint32_t index = 0; index < launch_.warps(); ++index) {
    isa::Warp& w = warp(index);
    // What the block before has left must not be seen, or results would depend on which host thread ran it.
    const Program& program = launch_.program;
    std::memset(reinterpret_cast<std::byte*>(&w) + program.registers_begin, 0,
                program.registers_end - program.registers_begin);
    for (const SpecialRow& special : program.specials) {
      const bool moves = special.what == Special::ctaid_x || special.what == Special::ctaid_y ||
                         special.what == Special::ctaid_z;
      if (moves) fill_special(w, special);
    }
    const std::uint32_t left = launch_.threads() - index * isa::kLanes;
    threads_[index].start(&w, launch_.program.ops, left >= isa::kLanes ? isa::kAllLanes : (1u << left) - 1);
  }
}

std::uint32_t BlockRunner::living() const {
  std::uint32_t living = 0;
  for (const WarpThread& thread : threads_)
    living += static_cast<std::uint32_t>(std::popcount(thread.warp().live));
  return living;
}

std::optional<check::Fault> BlockRunner::run(std::uint64_t block) {
  begin(block);
  std::optional<check::Fault> fault;
  if (launch_.limited && launch_.budget.load(std::memory_order_relaxed) < 0)
    fault = stuck(check::FaultKind::instruction_limit);
  while (!fault && round(fault) != Progress::finished) continue;
  finish();
  return fault;
}

void BlockRunner::begin(std::uint64_t block) {
  const auto& grid = launch_.grid;
  position_ = {static_cast<std::uint32_t>(block % grid[0]),
               static_cast<std::uint32_t>(block / grid[0] % grid[1]),
               static_cast<std::uint32_t>(block / grid[0] / grid[1])};
  start();
  if (watcher_) watcher_->start(block);
  turns_.start(block);
  if (launch_.workspace != 0) standstills_.assign(launch_.warps(), {});
}

BlockRunner::Progress BlockRunner::round(std::optional<check::Fault>& fault) {
  bool moved = false, unfinished = false, changed = standstills_.empty();
  for (const std::uint32_t index : turns_.round()) {
    WarpThread& thread = threads_[index];
    for (int left = turns_.in_a_row(index); left > 0 && thread.can_run() && !fault; --left) {
      moved = true;
      const bool goes_on = turn(thread, fault);
      const bool stands = goes_on && !standstills_.empty() && standstills_[index].lasts();
      changed = changed || !stands;
      if (!goes_on || stands) break;
    }
    if (fault) return Progress::going;
    unfinished = unfinished || !thread.finished();
  }
  if (!moved && unfinished) fault = stuck(check::FaultKind::deadlock);
  if (!unfinished) return Progress::finished;
  return changed ? Progress::going : Progress::waiting;
}

void BlockRunner::finish() {
  std::uint64_t issued = 0;
  for (const WarpThread& thread : threads_) issued += thread.warp_instructions;
  if (issued < kLeastInstructions)
    launch_.budget.fetch_sub(static_cast<std::int64_t>(kLeastInstructions - issued),
                             std::memory_order_relaxed);
  if (watcher_) watcher_->finish();
}

/// One warp's turn; whether it could go on.
bool BlockRunner::turn(WarpThread& thread, std::optional<check::Fault>& fault) {
  const std::uint64_t before = thread.warp_instructions;
  const std::uint32_t lived = thread.warp().live;
  std::int64_t length = turns_.length();
  Standstill* standstill =
      standstills_.empty() ? nullptr : &standstills_[static_cast<std::size_t>(thread.warp().index)];
  if (standstill != nullptr) length = std::min(length, standstill->turn());
  const WarpEvent event = thread.run(length);
  if (standstill != nullptr) standstill->look(thread, launch_.program, event == WarpEvent::yielded);
  const auto issued = static_cast<std::int64_t>(thread.warp_instructions - before);
  const bool beyond = launch_.budget.fetch_sub(issued, std::memory_order_relaxed) < issued && launch_.limited;
  if (event == WarpEvent::fault)
    fault = fault_at(thread);
  else if (beyond)
    fault = stuck(check::FaultKind::instruction_limit);
  else if (event == WarpEvent::arrived)
    fault = arrive(thread);
  if (!fault && thread.warp().live != lived) check_barriers();
  return event == WarpEvent::yielded;
}

std::optional<check::Fault> BlockRunner::arrive(WarpThread& thread) {
  const Group& group = thread.groups()[thread.arrival()];
  const isa::BarrierRequest request = group.request;
  ++tally_.barriers;
  if (request.number >= barriers_.size()) return stuck(check::FaultKind::deadlock);
  Barrier& barrier = barriers_[request.number];
  if (watcher_) look_at(request, barrier, thread);
  barrier.arrived += static_cast<std::uint32_t>(std::popcount(group.lanes));
  barrier.wanted = request.threads;
  barrier.votes += static_cast<std::uint32_t>(std::popcount(request.votes));
  barrier.voters += static_cast<std::uint32_t>(std::popcount(group.lanes));
  if (request.kind == isa::BarrierRequest::Kind::arrive) thread.set_ready(thread.arrival());
  const std::uint32_t wanted = barrier.wanted != 0 ? barrier.wanted : living();
  if (barrier.arrived >= wanted) complete(request.number);
  return std::nullopt;
}

void BlockRunner::complete(std::uint32_t number) {
  using Kind = isa::BarrierRequest::Kind;
  const Barrier barrier = barriers_[number];
  if (watcher_) look_at_completed(number);
  barriers_[number] = {};
  for (WarpThread& thread : threads_) {
    for (const Group& group : thread.groups()) {
      if (group.state != GroupState::barrier || group.request.number != number) continue;
      isa::Warp& w = thread.warp();
      if (group.request.kind == Kind::reduce_popc) {
        for (int lane = 0; lane < isa::kLanes; ++lane) {
          if ((group.lanes >> lane & 1u) != 0)
            w.row<std::uint32_t>(group.request.result)[lane] = barrier.votes;
        }
      } else if (group.request.kind == Kind::reduce_and || group.request.kind == Kind::reduce_or) {
        const bool yes =
            group.request.kind == Kind::reduce_and ? barrier.votes == barrier.voters : barrier.votes != 0;
        std::uint32_t& p = w.predicate(group.request.result);
        p = (p & ~group.lanes) | (yes ? group.lanes : 0);
      }
    }
    thread.release(number);
  }
}

/// What is wrong with an arrival: "b must be a multiple of the warp size" (PTX ISA 9.7.13.1), and its users
/// must agree about it.
void BlockRunner::look_at(const isa::BarrierRequest& request, const Barrier& barrier,
                          const WarpThread& thread) {
  const Group& group = thread.groups()[thread.arrival()];
  if (request.kind == isa::BarrierRequest::Kind::arrive)
    watcher_->arrived(thread.warp(), Watcher::barrier_place(request.number));
  std::string what;
  if (request.threads % isa::kLanes != 0)
    what = fmt::format("barrier {}: {} threads, which is no multiple of 32", request.number, request.threads);
  else if (barrier.arrived != 0 && barrier.wanted != request.threads)
    what = fmt::format("barrier {}: {} threads here, {} by who came earlier (0: all)", request.number,
                       request.threads, barrier.wanted);
  else if (request.threads > launch_.warps() * isa::kLanes)
    what = fmt::format("barrier {}: {} threads, of a block of {}", request.number, request.threads,
                       launch_.threads());
  if (what.empty()) return;
  watcher_->synchronisation(check::FaultKind::barrier_count, thread.warp(), (group.pc - 1)->number,
                            group.lanes, std::move(what));
}

/// A barrier is complete: who was there, and whether whole warps were, at one place.
void BlockRunner::look_at_completed(std::uint32_t number) {
  std::vector<Watcher::Arrived> arrived;
  std::vector<std::uint32_t> exited;
  for (const WarpThread& thread : threads_) {
    const auto warp = static_cast<std::uint32_t>(thread.warp().index);
    if (thread.finished()) exited.push_back(warp);
    const Group* first = nullptr;
    for (const Group& group : thread.groups()) {
      if (group.state != GroupState::barrier || group.request.number != number) continue;
      arrived.push_back({warp, group.lanes, thread.warp().live});
      if (first != nullptr && group.pc != first->pc && group.request.aligned)
        watcher_->synchronisation(check::FaultKind::divergent_barrier, thread.warp(), (group.pc - 1)->number,
                                  group.lanes,
                                  fmt::format("barrier {}: other lanes of the warp wait elsewhere", number));
      if (first == nullptr) first = &group;
    }
  }
  watcher_->barrier(number, arrived, exited);
}

/// Threads have exited: barriers for "all" may be complete without them.
void BlockRunner::check_barriers() {
  const std::uint32_t alive = living();
  for (std::uint32_t number = 0; number < barriers_.size(); ++number) {
    const Barrier& barrier = barriers_[number];
    if (barrier.arrived != 0 && barrier.wanted == 0 && barrier.arrived >= alive) complete(number);
  }
}

check::Fault BlockRunner::fault_at(const WarpThread& thread) const {
  check::Fault fault = describe(launch_, position_, thread);
  if (fault.kind != check::FaultKind::assertion || asserted_where_.empty()) return fault;
  const isa::Warp& w = thread.warp();
  const auto rank = static_cast<std::uint32_t>(w.index * isa::kLanes + w.raised.lane);
  const auto& b = launch_.block;
  // CUDA's own sentence.
  fault.what = fmt::format("{}: block: [{},{},{}], thread: [{},{},{}] Assertion `{}` failed.",
                           asserted_where_, position_[0], position_[1], position_[2], rank % b[0],
                           rank / b[0] % b[1], rank / b[0] / b[1], asserted_what_);
  fault.report = fault.what + "\n" + fault.report;
  return fault;
}
/// "The output buffer for printf() is set to a fixed size": what a block says beyond it is lost.
void BlockRunner::print(std::string text) {
  constexpr std::size_t kMost = std::size_t{1} << 20;
  if (printed_.size() + text.size() <= kMost) printed_ += text;
}
void BlockRunner::assertion(std::string where, std::string what) {
  asserted_where_ = std::move(where);
  asserted_what_ = std::move(what);
}
check::Fault BlockRunner::stuck(check::FaultKind kind) const {
  return describe_stuck(launch_, position_, threads_, kind);
}

}  // namespace softcuda::exec
