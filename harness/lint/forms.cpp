#include "harness/lint/forms.h"

#include <optional>

#include <fmt/format.h>

#include "harness/lint/form_rows.h"

namespace flashdiff::lint {
namespace {

using detail::TensorRows;

/// Why a form does not fit a tensor; nothing where it does.
using Reason = std::optional<std::string>;

Reason hole_in_a_row(const TensorRows& rows) {
  for (int row = 0; row < rows.batch(); ++row)
    if (const auto hole = rows.hole(row); hole.begin < hole.end)
      return fmt::format("row {} has padding between its tokens, columns {} to {} of {}", row, hole.begin,
                         hole.end - 1, rows.of);
  return std::nullopt;
}

/// Packed: where one sequence ends the next begins.
Reason gap_between_rows(const TensorRows& rows) {
  if (auto hole = hole_in_a_row(rows)) return hole;
  std::int64_t end = -1;
  for (int row = 0; row < rows.batch(); ++row) {
    const int length = rows.length(row);
    if (length == 0) continue;
    const std::int64_t begin = rows.flat(row, rows.first(row));
    if (end >= 0 && begin != end)
      return fmt::format("{} rows of padding lie in front of row {}'s tokens in {}", begin - end, row,
                         rows.of);
    end = begin + length;
  }
  return std::nullopt;
}

Reason begins_late(const TensorRows& rows) {
  for (int row = 0; row < rows.batch(); ++row)
    if (const int first = rows.first(row); first > 0)
      return fmt::format("row {} begins at column {} of {}, and lengths count from column 0", row, first,
                         rows.of);
  return hole_in_a_row(rows);
}

/// Pages of the whole tensor seen as one column: each begins at a multiple of `page`, and a sequence's own
/// pages are full but for the last.
Reason off_the_pages(const TensorRows& rows, int page) {
  const std::int64_t whole_pages = rows.flat(rows.batch(), 0) / page;
  for (int row = 0; row < rows.batch(); ++row) {
    const int last = rows.mask.last_token(row) - rows.begin;
    Reason reason;
    rows.for_each_run(row, [&](int begin, int end) {
      const std::int64_t from = rows.flat(row, begin), to = rows.flat(row, end);
      if (reason) return;
      if (from % page != 0)
        reason = fmt::format("row {}'s tokens begin at column {}, within a page of {}", row, begin, page);
      else if (end <= last && to % page != 0)
        reason = fmt::format("row {}'s tokens pause at column {}, within a page of {}", row, end, page);
      else if ((to - 1) / page >= whole_pages)
        reason = fmt::format("the last page of row {} would end behind the tensor", row);
    });
    if (reason) return reason;
  }
  return std::nullopt;
}

Reason nothing_to_see(const Step& step) {
  for (int row = 0; row < step.batch(); ++row)
    if (step.rows[static_cast<std::size_t>(row)].empty())
      return fmt::format("row {} sees no key: softmax of -inf alone is NaN", row);
  return std::nullopt;
}

Reason against(const Step& step, Form form, int page) {
  const auto of_both = [&](Reason (*reason)(const TensorRows&)) {
    Reason found = reason(detail::keys_of(step));
    if (!found && step.behind_a_cache()) found = reason(detail::queries_of(step));
    return found;
  };
  switch (form) {
    case Form::cu_seqlens: return of_both(gap_between_rows);
    case Form::lengths_and_first_rows:
    case Form::cudnn_ragged: return of_both(hole_in_a_row);
    case Form::cudnn_lengths: return of_both(begins_late);
    case Form::page_table: {
      Reason found = off_the_pages(detail::keys_of(step), page);
      if (!found) found = hole_in_a_row(detail::queries_of(step));
      return found;
    }
    case Form::additive_bias: return nothing_to_see(step);
  }
  return std::nullopt;
}

}  // namespace

const char* name_of(Form form) {
  switch (form) {
    case Form::cu_seqlens: return "cu_seqlens";
    case Form::lengths_and_first_rows: return "lengths + first rows";
    case Form::cudnn_lengths: return "cuDNN sequence lengths";
    case Form::cudnn_ragged: return "cuDNN ragged offsets";
    case Form::page_table: return "page table";
    case Form::additive_bias: return "additive bias";
  }
  return "?";
}

const char* name_of(Fit fit) {
  switch (fit) {
    case Fit::in_place: return "in place";
    case Fit::copied: return "after a copy";
    case Fit::no: return "inexpressible";
  }
  return "?";
}

FormVerdict verdict_on(const Step& step, Form form, int page) {
  const Reason reason = against(step, form, page);
  if (!reason) return {form, Fit::in_place, {}};
  return {form, form == Form::cu_seqlens ? Fit::copied : Fit::no, *reason};
}

std::vector<FormVerdict> verdicts_on(const Step& step, int page) {
  std::vector<FormVerdict> verdicts;
  for (const Form form : all_forms) verdicts.push_back(verdict_on(step, form, page));
  return verdicts;
}

}  // namespace flashdiff::lint
