#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "harness/problem/laid_out.h"
#include "harness/problem/names.h"
#include "harness/problem/numbers.h"
#include "harness/problem/rows_in_memory.h"

namespace flashdiff {
namespace {

/// A row of what the cache held before an append, as a person would say it; else nothing.
std::string describe_past(const Placement& place, std::size_t sequence, std::int64_t row) {
  if (place.past.empty()) return {};
  const std::int64_t token = row - place.first_row[sequence] + place.past[sequence];
  if (token < 0 || token >= place.past[sequence]) return {};
  return fmt::format("sequence {}, past token {}", sequence, token);
}

/// Where a row of the rectangle (or of the packed rows) lies, as a person would say it.
std::string describe_row(const Placement& place, std::int64_t sequence, std::int64_t row) {
  if (place.batch_stride == 0) {  // packed: `row` counts over all sequences
    for (std::size_t s = 0; s < place.rows.size(); ++s)
      if (std::string past = describe_past(place, s, row); !past.empty()) return past;
    for (std::size_t s = 0; s < place.rows.size(); ++s)
      if (row >= place.first_row[s] && row < place.first_row[s] + place.rows[s])
        return fmt::format("sequence {}, row {}", s, row - place.first_row[s]);
    const std::int64_t end = place.rows.empty() ? 0 : place.first_row.back() + place.rows.back();
    return fmt::format("padding row {} behind the last packed row", row - end + 1);
  }
  if (std::string past = describe_past(place, static_cast<std::size_t>(sequence), row); !past.empty())
    return past;
  const std::int64_t past = place.past.empty() ? 0 : place.past[static_cast<std::size_t>(sequence)];
  const std::int64_t first = place.first_row[static_cast<std::size_t>(sequence)];
  const std::int64_t rows = place.rows[static_cast<std::size_t>(sequence)];
  if (rows + past == 0) return fmt::format("sequence {} (empty), padding row {}", sequence, row);
  if (row < first - past)
    return fmt::format("sequence {}, padding row {} left of {} 0", sequence, first - past - row,
                       past > 0 ? "past token" : "row");
  const std::int64_t hole_at = place.hole > 0 ? place.hole_at[static_cast<std::size_t>(sequence)] : rows;
  if (hole_at < rows && row >= first + hole_at) {
    if (row < first + hole_at + place.hole)
      return fmt::format("sequence {}, padding row {} of the hole behind row {}", sequence,
                         row - first - hole_at + 1, hole_at - 1);
    row -= place.hole;
  }
  if (row >= first + rows)
    return fmt::format("sequence {}, padding row {} right of row {}, its last", sequence,
                       row - first - rows + 1, rows - 1);
  return fmt::format("sequence {}, row {}", sequence, row - first);
}

/// Row `row` of page `page` of the pool.
std::string describe_page_row(const Placement& place, std::int64_t page, std::int64_t row) {
  const detail::PageOwner owner = detail::owners_of_pages(place)[static_cast<std::size_t>(page)];
  if (owner.sequence < 0) return fmt::format("page {}, free, row {}", page, row);
  return fmt::format("page {}, {}", page,
                     describe_row(place, owner.sequence, owner.index * std::int64_t{place.page} + row));
}

std::string describe_body(const Placement& place, std::int64_t element) {
  const std::int64_t inside = element - place.origin;
  if (inside < 0) return fmt::format("in front of the view, {} elements before its first row", -inside);
  const bool side_by_side = detail::heads_inside_rows(place);
  const bool packed = place.batch_stride == 0;
  // A block: what belongs to a sequence, to all of them (packed), or a page.
  std::int64_t blocks = packed ? 1 : static_cast<std::int64_t>(place.rows.size());
  if (place.page > 0) blocks = place.pages;
  std::int64_t per_block = place.batch_stride;
  if (packed) per_block = side_by_side ? place.elements - place.origin : place.head_stride * place.heads;
  const std::int64_t block = per_block == 0 ? blocks : inside / per_block;  // a view of no rows
  if (block >= blocks) return "behind the last row of the view";

  std::int64_t rest = inside % per_block;
  std::int64_t head = 0;
  if (!side_by_side) {
    head = rest / place.head_stride;
    rest %= place.head_stride;
  }
  const std::int64_t row_of_block = rest / place.row_stride;
  const std::string row = place.page > 0 ? describe_page_row(place, block, row_of_block)
                                         : describe_row(place, block, row_of_block);
  std::int64_t column = rest % place.row_stride;
  const std::int64_t used = side_by_side ? place.head_stride * place.heads : place.width;
  if (column >= used) return fmt::format("{}, gap behind the row, {} elements on", row, column - used + 1);
  if (side_by_side) {
    head = column / place.head_stride;
    column %= place.head_stride;
  }
  return fmt::format("{}, head {}, column {}", row, head, column);
}

/// Collects the elements that differ between two byte runs at the same place.
class Difference {
 public:
  Difference(const LaidOutTensor& sent, const LaidOutTensor& back, int limit)
      : sent_(sent), back_(back), size_(bytes_of(sent.dtype)), limit_(limit) {}

  /// Compares bytes [begin, end) of the whole buffers, guard bands included; both on element boundaries.
  void compare(std::size_t begin, std::size_t end) {
    if (begin >= end) return;
    if (std::memcmp(sent_.bytes.data() + begin, back_.bytes.data() + begin, end - begin) == 0) return;
    for (std::size_t at = begin; at < end; at += size_)
      if (std::memcmp(sent_.bytes.data() + at, back_.bytes.data() + at, size_) != 0) add(at);
  }

  [[nodiscard]] TouchedReport take() { return std::move(report_); }

 private:
  void add(std::size_t at) {
    ++report_.count;
    if (static_cast<std::int64_t>(report_.first.size()) >= limit_) return;
    const std::int64_t from_body =
        static_cast<std::int64_t>(at) - static_cast<std::int64_t>(LaidOutTensor::guard_bytes);
    const std::int64_t body = static_cast<std::int64_t>(sent_.body_bytes());
    Touched touched;
    touched.role = sent_.role;
    touched.element = from_body / static_cast<std::int64_t>(size_);
    if (from_body < 0)
      touched.where = fmt::format("guard band, {} bytes before", -from_body);
    else if (from_body >= body)
      touched.where = fmt::format("guard band, {} bytes behind", from_body - body);
    else
      touched.where = describe_body(sent_.place, touched.element);
    report_.first.push_back(std::move(touched));
  }

  const LaidOutTensor& sent_;
  const LaidOutTensor& back_;
  std::size_t size_;
  int limit_;
  TouchedReport report_;
};

}  // namespace

TouchedReport find_touched(const LaidOutTensor& sent, const LaidOutTensor& back, int limit) {
  if (sent.bytes.size() != back.bytes.size())
    throw std::invalid_argument("a tensor came back in another size");
  Difference difference(sent, back, limit);
  std::size_t compared = 0;
  if (sent.output) {
    const std::size_t size = bytes_of(sent.dtype);
    const std::size_t row_bytes = static_cast<std::size_t>(sent.place.width) * size;
    detail::for_each_row_in_memory(sent.place, [&](int, int, int, std::int64_t address) {
      const std::size_t row = LaidOutTensor::guard_bytes + static_cast<std::size_t>(address) * size;
      difference.compare(compared, row);
      compared = row + row_bytes;
    });
  }
  difference.compare(compared, sent.bytes.size());
  return difference.take();
}

}  // namespace flashdiff
