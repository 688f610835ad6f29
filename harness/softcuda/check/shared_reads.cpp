/// Reads between two barriers of the whole block: written down first, looked at only where a write follows.
///
/// All that is known of such a read when the second barrier has come is that it comes before whatever
/// follows. So while nothing but barriers of the whole block has ordered anything (`now` is the moment behind
/// the last one), a read of memory that nobody has written in this interval, and no copy is under way to,
/// needs no cells: it races with nothing before it, and a later write finds it in the log.
#include <algorithm>
#include <array>
#include <bit>

#include "harness/softcuda/check/shared_races.h"

namespace softcuda::check {
namespace {

using Word = std::uint32_t;
constexpr std::size_t kPlaces = std::size_t{1} << 16;

}  // namespace

void SharedRaces::Pages::assign(std::size_t count) {
  written.assign(count, 0);
  pending.assign(count, 0);
  read.assign(count, 0);
  ++changes;
}

/// Whether a read somewhere in [begin, end) may be looked at later; it counts as noted then.
bool SharedRaces::may_wait(std::uint32_t number, std::uint32_t begin, std::uint32_t end) {
  const Word now = clocks_->now();
  if (clocks_->lowest() + 1 != now || log_.full()) return false;
  const std::size_t first = begin / kPage, last = (end - 1) / kPage;
  Waiting& known = waiting_[number % waiting_.size()];
  if (known.first > first || known.last < last || known.moment != now || known.changes != pages_.changes) {
    bool busy = false;
    for (std::size_t k = first; k <= last; ++k) busy |= pages_.written[k] == now || pages_.pending[k] != 0;
    if (busy) return false;
    for (std::size_t k = first; k <= last; ++k) pages_.read[k] = now;
    known = {first, last, now, pages_.changes};
  }
  log_moment_ = now;
  return true;
}

// Cells are refined at once, since by what size a later race is told depends on them.

bool SharedRaces::note_one(const Access& access, std::uint32_t lane, std::uint32_t offset,
                           std::uint32_t bytes) {
  (void)cells_for(offset, bytes, bytes);
  if (!may_wait(access.number, offset, offset + bytes)) return false;
  log_.add({ReadLog::Form::one, bytes, who(access), access.number, lane, offset});
  return true;
}

bool SharedRaces::note_run(const Access& access, std::uint32_t offset, std::uint32_t bytes) {
  if (bytes % kCoarse != 0) (void)cells_for(offset, kWarpLanes * bytes, bytes);
  if (!may_wait(access.number, offset, offset + kWarpLanes * bytes)) return false;
  log_.add({ReadLog::Form::run, bytes, who(access), access.number, 0, offset});
  return true;
}

bool SharedRaces::note_each(const Access& access, const Scatter& scatter, const std::uint64_t* places,
                            std::uint64_t base) {
  const std::uint32_t bytes = scatter.bytes();
  const auto shift = static_cast<unsigned>(std::countr_zero(bytes));
  if (bytes_ >> shift > kPlaces) return false;
  const auto least = static_cast<Word>(scatter.least() - base),
             most = static_cast<Word>(scatter.most() - base);
  if (bytes < kCoarse) {
    bool coarse = bytes < fine_.grain;
    for (std::size_t k = least / kRegion; k <= most / kRegion; ++k) coarse |= is_fine_[k] == 0;
    if (coarse) return false;
  }
  if (!may_wait(access.number, least, most + bytes)) return false;
  log_.add_each({ReadLog::Form::each, bytes, who(access), access.number, scatter.lanes(),
                 static_cast<Word>(scatter.first() - base) >> shift},
                scatter.like(), [&] {
                  ReadLog::Places at;
                  for (std::size_t lane = 0; lane < kWarpLanes; ++lane)
                    at[lane] = static_cast<std::uint16_t>((places[lane] - scatter.first()) >> shift);
                  return at;
                });
  return true;
}

/// Before an access that is not noted: cells must know of earlier reads of theirs.
void SharedRaces::catch_up(std::uint32_t begin, std::uint32_t end) {
  if (log_.empty()) return;
  for (std::size_t k = begin / kPage; k <= (end - 1) / kPage; ++k) {
    if (pages_.read[k] == log_moment_) return look_at_log();
  }
}

void SharedRaces::look_at_log() {
  const Word floor = log_moment_ - 1;  // of every warp, as it was then
  log_.for_each([&](const ReadLog::Read& read, const ReadLog::Places& places) {
    const Access access{warp_of(read.who), read.number, Mode::read, nullptr};
    const Common c{access, floor, log_moment_, 1u << access.warp, read.who, false, false, log_moment_};
    if (read.form == ReadLog::Form::one) return look_at_one(c, read.lanes, read.first, read.bytes);
    if (read.form == ReadLog::Form::run) return look_at_run(c, 0, kWarpLanes, read.first, read.bytes);
    std::array<std::uint64_t, kWarpLanes> offsets;
    for (std::size_t lane = 0; lane < kWarpLanes; ++lane)
      offsets[lane] = std::uint64_t{static_cast<std::uint16_t>(read.first + places[lane])} * read.bytes;
    look_at_each(c, read.lanes, offsets.data(), 0, read.bytes);
  });
  log_.clear();
  std::ranges::fill(pages_.read, 0);
  ++pages_.changes;
}

/// A moment later: a barrier of the whole block has made the log pointless, or something else makes it
/// needed.
void SharedRaces::leave_interval() {
  if (clocks_->lowest() >= log_moment_) return log_.clear();
  look_at_log();
}

/// A write is about to be looked at; a copy is under way from now on.
void SharedRaces::mark_written(const Access& access, std::uint32_t offset, std::uint32_t bytes) {
  ++pages_.changes;
  for (std::uint32_t at = offset; at < offset + bytes;) {
    const std::uint32_t page = at / kPage, end = std::min(offset + bytes, (page + 1) * kPage);
    pages_.written[page] = clocks_->now();
    if (access.mode == Mode::copy) pages_.pending[page] += end - at;
    at = end;
  }
}

}  // namespace softcuda::check
