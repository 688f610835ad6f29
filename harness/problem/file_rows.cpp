#include "harness/problem/file_rows.h"

#include <algorithm>

#include <fmt/format.h>

#include "harness/problem/activations.h"
#include "harness/problem/numbers.h"

namespace flashdiff::detail {
namespace {

Outcome<void> fits(const Problem& p, const Activations& capture) {
  const auto at_most = [&p](const char* key, int asked, int there) -> Outcome<void> {
    if (asked <= there) return {};
    return bad_input(
        fmt::format("case: {}={}, expected at most {}, as many as {} has", key, asked, there, p.data_file));
  };
  const std::pair<const char*, std::pair<int, int>> limits[] = {{"hq", {p.h_q, capture.h_q}},
                                                                {"hk", {p.h_kv, capture.h_kv}},
                                                                {"d", {p.d_qk, capture.d_qk}},
                                                                {"dv", {p.d_v, capture.d_v}}};
  for (const auto& [key, values] : limits)
    if (auto ok = at_most(key, values.first, values.second); !ok) return ok;
  const int texts = static_cast<int>(capture.lengths.size());
  for (std::size_t s = 0; s < p.sequences.size(); ++s) {
    const int text = p.data_rows[s];
    if (text >= texts)
      return bad_input(fmt::format("case: rows names text {}, expected 0 to {}, the texts of {}", text,
                                   texts - 1, p.data_file));
    const int there = capture.lengths[static_cast<std::size_t>(text)];
    if (auto ok = at_most("q", p.sequences[s].q_len, there); !ok) return ok;
    if (auto ok = at_most("kv", p.sequences[s].kv_len, there); !ok) return ok;
  }
  return {};
}

void copy_rows(const LogicalTensor<float>& from, int text, int first, LogicalTensor<float>& to,
               int sequence) {
  for (int head = 0; head < to.heads(); ++head)
    for (int row = 0; row < to.rows(sequence); ++row)
      std::copy_n(from.row(text, head, first + row), to.width(), to.row(sequence, head, row));
}

}  // namespace

Outcome<LogicalData> rows_of_file(const Problem& problem) {
  const auto loaded = load_activations(problem.data_file);
  if (!loaded) return tl::unexpected(loaded.error());
  const Activations& capture = **loaded;
  if (auto ok = fits(problem, capture); !ok) return tl::unexpected(ok.error());

  std::vector<int> q_rows, kv_rows;
  for (const SequenceLengths& lengths : problem.sequences) {
    q_rows.push_back(lengths.q_len);
    kv_rows.push_back(lengths.kv_len);
  }
  LogicalData data{{q_rows, problem.h_q, problem.d_qk},
                   {kv_rows, problem.h_kv, problem.d_qk},
                   {kv_rows, problem.h_kv, problem.d_v}};
  for (int s = 0; s < problem.batch(); ++s) {
    const SequenceLengths lengths = problem.sequences[static_cast<std::size_t>(s)];
    const int text = problem.data_rows[static_cast<std::size_t>(s)];
    copy_rows(capture.data.q, text, std::max(0, lengths.kv_len - lengths.q_len), data.q, s);
    copy_rows(capture.data.k, text, 0, data.k, s);
    copy_rows(capture.data.v, text, 0, data.v, s);
  }
  for (LogicalTensor<float>* tensor : {&data.q, &data.k, &data.v}) round_all(problem.dtype, tensor->values());
  return data;
}

}  // namespace flashdiff::detail
