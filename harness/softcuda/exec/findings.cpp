#include "harness/softcuda/exec/findings.h"

#include <algorithm>
#include <bit>

#include <fmt/core.h>

#include "harness/softcuda/exec/report.h"

namespace softcuda::exec {
namespace {

using check::FaultKind;

constexpr std::size_t kMost = 1000;  // different findings of one launch: more would be read by nobody

Extent3 position(const Launch& launch, std::uint64_t block) {
  const auto& grid = launch.grid;
  return {static_cast<std::uint32_t>(block % grid[0]), static_cast<std::uint32_t>(block / grid[0] % grid[1]),
          static_cast<std::uint32_t>(block / grid[0] / grid[1])};
}
std::string block_text(const Launch& launch, std::uint64_t block) {
  const Extent3 at = position(launch, block);
  return fmt::format("block ({},{},{})", at[0], at[1], at[2]);
}

/// "{0-3,7}"
std::string lanes_text(std::uint32_t lanes) {
  if (std::popcount(lanes) == 1) return fmt::format("lane {}", std::countr_zero(lanes));
  std::string text;
  for (int lane = 0; lane < 32;) {
    if ((lanes >> lane & 1u) == 0) {
      ++lane;
      continue;
    }
    int last = lane;
    while (last < 31 && (lanes >> (last + 1) & 1u) != 0) ++last;
    if (!text.empty()) text += ",";
    text += last == lane ? fmt::format("{}", lane) : fmt::format("{}-{}", lane, last);
    lane = last + 1;
  }
  return fmt::format("lanes {}", text);
}

const ptx::Instruction* instruction_of(const Launch& launch, std::uint32_t number) {
  return number < launch.program.origins.size() ? launch.program.origins[number].instruction : nullptr;
}
std::string source(const Launch& launch, std::uint32_t number) {
  const ptx::Instruction* at = instruction_of(launch, number);
  const std::string text = at != nullptr ? source_of(*launch.program.module, *at) : "";
  return text.empty() ? "unknown source line" : text;
}
std::string ptx_text(const Launch& launch, std::uint32_t number) {
  const ptx::Instruction* at = instruction_of(launch, number);
  return at == nullptr
             ? "end of the kernel"
             : fmt::format("PTX line {}: {}", at->ptx_line, text_of(launch.program.origins[number]));
}
void set_line(const Launch& launch, std::uint32_t number, std::string& file, int& line) {
  exec::set_line(*launch.program.module, instruction_of(launch, number), file, line);
}

std::string side_text(const Launch& launch, const check::RaceSide& side, bool is_global) {
  std::string who;
  if (is_global && side.unit == check::kSeveral && side.lane == check::kSeveral)
    who = "several blocks";
  else if (is_global)
    who = block_text(launch, side.unit);
  else if (side.lane == check::kSeveral)
    who = fmt::format("warp {}, several lanes", side.unit);
  else
    who = fmt::format("warp {}, lane {}", side.unit, side.lane);
  const char* does = side.copy ? "asynchronous copy" : side.writes ? "write" : "read";
  return fmt::format("{} by {}, {}", does, who, source(launch, side.number));
}

std::string memory_text(const Launch& launch, std::uint64_t address) {
  const auto near = launch.allocations.live_at(address);
  if (!near) return fmt::format("{:#x}", address);
  const std::string element = launch.extents.words(near->base, address);
  return fmt::format("{}{}byte {} of {} ({} bytes at {:#x})", element, element.empty() ? "" : ", ",
                     address - near->base, near->what, near->bytes, near->base);
}

bool is_race(FaultKind kind) {
  return kind == FaultKind::shared_race || kind == FaultKind::copy_race || kind == FaultKind::global_race;
}

check::Report race_report(const Launch& launch, const Finding& f) {
  check::Report report;
  const bool is_global = f.kind == FaultKind::global_race;
  const std::string where = is_global ? memory_text(launch, f.race.place)
                                      : fmt::format("{} bytes at shared address {:#x}, {}", f.race.bytes,
                                                    f.race.place, block_text(launch, f.block));
  const bool inside = !is_global && f.race.before.unit == f.race.now.unit && f.kind != FaultKind::copy_race;
  report.what =
      fmt::format("{}{}: kernel `{}`, {}; {}; earlier {}", name_of(f.kind), inside ? ", within a warp" : "",
                  launch.program.kernel, where, side_text(launch, f.race.now, is_global),
                  side_text(launch, f.race.before, is_global));
  report.text = report.what + "\n" +
                fmt::format("  now:     {}\n  earlier: {}\n", ptx_text(launch, f.number),
                            ptx_text(launch, f.other_number));
  set_line(launch, f.other_number, report.other_file, report.other_line);
  return report;
}

bool is_padding(FaultKind kind) {
  return kind == FaultKind::padding_read || kind == FaultKind::padding_written;
}

check::Report other_report(const Launch& launch, const Finding& f) {
  check::Report report;
  const std::string detail = is_padding(f.kind)
                                 ? fmt::format("{} byte{} at {:#x}, {}", f.bytes, f.bytes == 1 ? "" : "s",
                                               f.address, memory_text(launch, f.address))
                                 : f.detail;
  report.what = fmt::format("{}: {}{}kernel `{}`, {}, {}, warp {}, {}", name_of(f.kind), detail,
                            detail.empty() ? "" : ", ", launch.program.kernel, source(launch, f.number),
                            block_text(launch, f.block), f.warp, lanes_text(f.lanes));
  report.text = report.what + "\n" + fmt::format("  {}\n", ptx_text(launch, f.number));
  if (f.other_number != kNoNumber) {
    report.text += fmt::format("  the unwritten bytes were read at {}{}\n", source(launch, f.other_number),
                               f.address != 0 ? ": " + memory_text(launch, f.address) : "");
    report.text += fmt::format("  {}\n", ptx_text(launch, f.other_number));
    set_line(launch, f.other_number, report.other_file, report.other_line);
  }
  return report;
}

}  // namespace

void Findings::add(Finding finding) {
  const std::lock_guard lock(mutex_);
  const Key key(finding.kind, finding.number, is_race(finding.kind) ? finding.other_number : kNoNumber,
                is_race(finding.kind) ? (finding.race.before.unit == finding.race.now.unit ? "w" : "")
                                      : finding.detail);
  const auto at = found_.find(key);
  if (at == found_.end()) {
    if (found_.size() < kMost) found_.emplace(key, std::move(finding));
    return;
  }
  const std::uint64_t count = at->second.count + finding.count;
  if (finding.block < at->second.block) at->second = std::move(finding);
  at->second.count = count;
}

std::vector<Finding> Findings::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<Finding> all;
  all.reserve(found_.size());
  for (const auto& [key, finding] : found_) all.push_back(finding);
  return all;
}

namespace {

/// A read that races may well read too early: the unwritten bytes that it met are the race's, and no second
/// mistake.
bool explained_by_race(const Finding& finding, const std::vector<Finding>& all) {
  if (finding.kind != FaultKind::unwritten_value || finding.other_number == kNoNumber) return false;
  return std::ranges::any_of(all, [&](const Finding& other) {
    return is_race(other.kind) &&
           (other.number == finding.other_number || other.other_number == finding.other_number);
  });
}

}  // namespace

std::vector<check::Report> told(const Launch& launch, const Findings& findings) {
  std::vector<check::Report> reports;
  const std::vector<Finding> all = findings.all();
  for (const Finding& finding : all) {
    if (explained_by_race(finding, all)) continue;
    check::Report report =
        is_race(finding.kind) ? race_report(launch, finding) : other_report(launch, finding);
    report.kind = finding.kind;
    report.count = finding.count;
    report.kernel = launch.program.kernel;
    set_line(launch, finding.number, report.file, report.line);
    // Unrolled loops make many instructions of one line: a mistake there is one mistake.
    const auto same = std::ranges::find_if(reports, [&](const check::Report& other) {
      return report.line != 0 && other.kind == report.kind && other.file == report.file &&
             other.line == report.line && other.other_file == report.other_file &&
             other.other_line == report.other_line;
    });
    if (same != reports.end())
      same->count += report.count;
    else
      reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace softcuda::exec
