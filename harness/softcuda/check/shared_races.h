#pragma once
#include <array>
#include <cstdint>
#include <unordered_map>
#include <vector>

#include "harness/softcuda/check/clocks.h"
#include "harness/softcuda/check/races.h"
#include "harness/softcuda/check/read_log.h"
#include "harness/softcuda/check/scatter.h"

namespace softcuda::check {

/// How an access takes part in races.
enum class Mode : std::uint8_t {
  read,
  write,
  strong_read,  ///< volatile, relaxed or stronger: no data race with other strong accesses
  strong_write,
  update,  ///< atomic read-modify-write
  copy,    ///< the issue of an asynchronous write
};

/// Races in a block's shared memory: two accesses to a byte, one of them a write, that nothing orders.
/// Between warps that is what Clocks say; inside a warp the lanes must have met. A copy is under way from its
/// issue to the wait of its thread, and a write of that thread from then on.
///
/// State is kept by cells: the last write, and of the reads since then the warps and the last reader. Cells
/// are of 16 bytes, which is what tiles of attention kernels are copied and read in, and in a kilobyte that
/// has been accessed by less, of 4; of 2 or 1 once an access is that narrow. Nearly every access finds its
/// cells untouched since the last barrier; those take vector code over whole runs of cells. Most reads do
/// not even ask them: they are written down, and looked at where a write of this interval needs to know.
class SharedRaces {
 public:
  void start(std::uint32_t bytes, Clocks& clocks, Races& races);

  /// An instruction of a warp. `values`: of a write, where they are known.
  struct Access {
    std::uint32_t warp = 0, number = 0;
    Mode mode = Mode::read;
    const Values* values = nullptr;
  };
  /// `lane` accesses `bytes` bytes at `offset`; kSeveral for a read by more than one lane.
  void access(const Access&, std::uint32_t lane, std::uint32_t offset, std::uint32_t bytes);
  /// Each lane of `scatter`, which has just met `places`, at places[lane] - base.
  void access_each(const Access&, const Scatter& scatter, const std::uint64_t* places, std::uint64_t base);
  /// Lane l accesses `bytes` bytes at offset + l * bytes.
  void access_all(const Access&, std::uint32_t offset, std::uint32_t bytes);
  /// The copy issued by this lane and instruction has been waited for.
  void landed(std::uint32_t warp, std::uint32_t lane, std::uint32_t number, std::uint32_t offset,
              std::uint32_t bytes);
  [[nodiscard]] std::uint64_t shadow_bytes() const;

 private:
  using Word = std::uint32_t;
  /// Who accessed a cell last, and at which of its warp's steps:
  /// step << 13 | many << 12 | strong << 11 | warp << 6 | lane. `many`: strong accesses of other warps before
  /// it, which nothing orders, count as well.
  using Who = Word;
  struct Cells {
    std::vector<Word> written, writer, write_number;     ///< moment (0: never, kPending), Who, instruction
    std::vector<Word> read, readers, reader;             ///< moment (0: never, kMany), warps, Who
    std::vector<Word> read_number;                       ///< instruction
    std::unordered_map<std::size_t, Clocks::Seen> many;  ///< cells read at several unordered moments
    std::uint32_t grain = 4;                             ///< bytes of a cell
    unsigned shift = 2;                                  ///< log2 of it
    void assign(std::size_t count, std::uint32_t bytes_each);
    /// The cells of `bytes` bytes from `offset` on get what the coarser ones of `from` have had.
    void take(const Cells& from, std::uint32_t offset, std::uint32_t bytes);
    [[nodiscard]] std::uint64_t shadow_bytes() const;
  };
  /// What reads must know of memory before they may be looked at later, by 256 bytes: small, so that arrays
  /// side by side share few.
  struct Pages {
    std::vector<Word> written;  ///< moment of the last write, or of the last landing
    std::vector<Word> pending;  ///< bytes that copies are under way to
    std::vector<Word> read;     ///< moment of the last read in the log; 0: none
    /// How often others than reads that are written down have changed these. A landing is no change: with a
    /// copy under way no read may wait.
    std::uint64_t changes = 0;
    void assign(std::size_t count);
  };
  static constexpr Word kPending = 0xffffffffu, kMany = 0xfffffffeu, kStrong = 1u << 11,
                        kManyWarps = 1u << 12;
  static constexpr std::uint32_t kRegion = 1024, kPage = 256, kCoarse = 16;
  static Word warp_of(Who who) { return who >> 6 & 0x1f; }

  /// What all lanes of an instruction have in common.
  struct Common {
    const Access& access;
    Word floor, now, bit;
    Who whole;  ///< without the lane
    bool writes, strong;
    Word moment;  ///< of a write
  };
  [[nodiscard]] Common common(const Access&) const;
  /// Of a weak access, without the lane.
  [[nodiscard]] Who who(const Access& access) const {
    return clocks_->step(access.warp) << 13 | access.warp << 6;
  }

  bool may_wait(std::uint32_t number, std::uint32_t begin, std::uint32_t end);
  bool note_one(const Access&, std::uint32_t lane, std::uint32_t offset, std::uint32_t bytes);
  bool note_run(const Access&, std::uint32_t offset, std::uint32_t bytes);
  bool note_each(const Access&, const Scatter&, const std::uint64_t* places, std::uint64_t base);
  void catch_up(std::uint32_t begin, std::uint32_t end);
  void look_at_log();
  void leave_interval();
  void mark_written(const Access&, std::uint32_t offset, std::uint32_t bytes);

  void look_at_one(const Common&, std::uint32_t lane, std::uint32_t offset, std::uint32_t bytes);
  [[nodiscard]] bool is_mixed(std::uint32_t offset, std::uint32_t whole, std::uint32_t bytes) const;
  void look_at_run(const Common&, std::uint32_t lane, std::uint32_t count, std::uint32_t offset,
                   std::uint32_t bytes);
  void look_at_each(const Common&, std::uint32_t lanes, const std::uint64_t* offsets, std::uint64_t base,
                    std::uint32_t bytes);
  void run(Cells&, const Common&, std::size_t first, std::size_t count, const Word* lanes);
  template <int kCells>
  static bool fast_read(Cells&, const Common&, std::size_t first, const Word* lanes);
  template <int kCells>
  static bool fast_write(Cells&, const Common&, std::size_t first, const Word* lanes);
  template <int kCells>
  void some(Cells&, const Common&, std::size_t first, const Word* lanes);
  void read_each(Cells&, const Common&, std::uint32_t lanes, const std::uint64_t* offsets, std::uint64_t base,
                 std::uint32_t bytes);
  void slow_read(Cells&, const Common&, std::size_t cell, Who me);
  void slow_write(Cells&, const Access&, std::size_t cell, Who me);
  void after_write(const Cells&, const Access&, std::size_t cell, Who me);
  void after_reads(Cells&, const Access&, std::size_t cell, Who me);
  /// The cells for an access: coarse where its kilobytes are, and it is whole ones.
  Cells& cells_for(std::uint32_t offset, std::uint32_t bytes, std::uint32_t each);
  void refine(std::uint32_t bytes);
  void race(const Cells&, const Access&, std::size_t cell, Who me, Who other, std::uint32_t other_warp,
            Word number, bool wrote, bool copy);

  Clocks* clocks_ = nullptr;
  Races* races_ = nullptr;
  std::uint32_t bytes_ = 0;
  Cells coarse_, fine_;
  std::vector<std::uint8_t> is_fine_;  ///< by kilobyte
  Pages pages_;
  /// Pages that a read by some instruction was found to be of which may wait, at which moment and how many
  /// changes: so may the next one.
  struct Waiting {
    std::size_t first = 1, last = 0;
    Word moment = 0;
    std::uint64_t changes = 0;
  };
  std::array<Waiting, 64> waiting_{};  ///< by instruction, or several
  std::size_t fine_regions_ = 0;
  ReadLog log_;
  Word log_moment_ = 0;  ///< of all reads in the log
};

}  // namespace softcuda::check
