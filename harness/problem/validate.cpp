#include <cmath>

#include <fmt/format.h>

#include "harness/problem/case.h"
#include "harness/problem/limits.h"
#include "harness/problem/modifiers.h"
#include "harness/problem/names.h"
#include "harness/problem/numbers.h"

namespace flashdiff {
namespace {

// The words are those of the case line, since that is what a person typed or will type.

Outcome<void> within(const char* key, std::int64_t value, std::int64_t low, std::int64_t high) {
  if (value >= low && value <= high) return {};
  return bad_input(fmt::format("case: {}={}, expected a number from {} to {}", key, value, low, high));
}

Outcome<void> check_shape(const Problem& p) {
  const auto lengths = [&p]() -> Outcome<void> {
    for (const SequenceLengths& one : p.sequences) {
      if (auto ok = within("q", one.q_len, 0, limits::length); !ok) return ok;
      if (auto ok = within("kv", one.kv_len, 0, limits::length); !ok) return ok;
    }
    return {};
  };
  if (auto ok = within("b", static_cast<std::int64_t>(p.sequences.size()), 1, limits::batch); !ok) return ok;
  if (auto ok = within("hq", p.h_q, 1, limits::heads); !ok) return ok;
  if (auto ok = within("hk", p.h_kv, 1, limits::heads); !ok) return ok;
  if (auto ok = within("d", p.d_qk, 1, limits::head_dim); !ok) return ok;
  if (auto ok = within("dv", p.d_v, 1, limits::head_dim); !ok) return ok;
  if (p.h_q % p.h_kv != 0)
    return bad_input(fmt::format("case: hk={}, expected a divisor of hq={}", p.h_kv, p.h_q));
  return lengths();
}

Outcome<void> check_mask(const Mask& mask) {
  for (int bound : {mask.left, mask.right}) {
    if (bound == Mask::unbounded) continue;
    if (mask.kind != MaskKind::window)
      return bad_input(fmt::format("case: mask={} with a bound of {}, expected bounds in a window only",
                                   name_of(mask.kind), bound));
    if (auto ok = within("mask", bound, 0, limits::window); !ok) return ok;
  }
  return {};
}

Outcome<void> check_scale(const Problem& p) {
  if (!p.scale || (*p.scale >= limits::smallest_scale && *p.scale <= limits::largest_scale)) return {};
  return bad_input(fmt::format("case: scale={}, expected a number from {} to {}", *p.scale,
                               limits::smallest_scale, limits::largest_scale));
}

Outcome<void> check_modifiers(const Problem& p) {
  if (p.softcap && !(*p.softcap >= limits::smallest_softcap && *p.softcap <= limits::largest_softcap))
    return bad_input(fmt::format("case: softcap={}, expected a number from {} to {}", *p.softcap,
                                 limits::smallest_softcap, limits::largest_softcap));
  if (p.sink && p.sink->logit && !(std::fabs(*p.sink->logit) <= limits::sink))
    return bad_input(fmt::format("case: sink={}, expected a number from {} to {}, or seeded", *p.sink->logit,
                                 -limits::sink, limits::sink));
  return {};
}

Outcome<void> check_rope(const Problem& p) {
  if (!p.rope) return {};
  if (p.pass != Pass::append)
    return bad_input(fmt::format("case: rope={} with pass={}, expected it with pass=append only",
                                 name_of(p.rope->form), name_of(p.pass)));
  if (p.d_qk < 2) return bad_input("case: rope with d=1, expected two columns that are turned together");
  if (const int dim = p.rope_dim(); dim < 2 || dim > p.d_qk || dim % 2 != 0)
    return bad_input(fmt::format("case: rope={}:{}, expected an even number of columns from 2 to d={}",
                                 name_of(p.rope->form), dim, p.d_qk));
  if (const float base = p.rope->base;
      !(base >= limits::smallest_rope_base && base <= limits::largest_rope_base))
    return bad_input(fmt::format("case: rope={} with base {}, expected a number from {} to {}",
                                 name_of(p.rope->form), base, limits::smallest_rope_base,
                                 limits::largest_rope_base));
  return {};
}

/// What has no meaning in an append is left out, so that one problem has one line.
Outcome<void> check_append(const Problem& p) {
  if (p.pass != Pass::append) return {};
  for (const auto& [q_len, kv_len] : p.sequences)
    if (q_len > kv_len)
      return bad_input(fmt::format(
          "case: pass=append with q={} and kv={}, expected kv to count the q new tokens", q_len, kv_len));
  if (p.mask != Mask{} || p.scale || has_modifiers(p))
    return bad_input(
        "case: pass=append with a mask, scale, softcap, alibi or sink, expected mask=none and no other: it "
        "has no scores");
  if (p.data == DataFamily::file)
    return bad_input("case: pass=append with data=file, expected another family: captures are of attention");
  return {};
}

Outcome<void> check_data(const Problem& p) {
  if (p.data != DataFamily::file) {
    if (p.data_file.empty() && p.data_rows.empty()) return {};
    return bad_input(
        fmt::format("case: file and rows with data={}, expected them with data=file only", name_of(p.data)));
  }
  if (p.data_file.empty())
    return bad_input("case: file is empty, expected the path of a safetensors capture");
  if (p.data_file.find('\0') != std::string::npos)
    return bad_input("case: file holds a zero byte, expected the path of a safetensors capture");
  if (p.data_rows.size() != p.sequences.size())
    return bad_input(fmt::format("case: rows names {} texts, expected one for each of the {} sequences",
                                 p.data_rows.size(), p.sequences.size()));
  for (int row : p.data_rows)
    if (auto ok = within("rows", row, 0, limits::length); !ok) return ok;
  return {};
}

Outcome<void> check_page(int page) {
  if (is_page(page)) return {};
  return bad_input(fmt::format("case: page={}, expected a multiple of {} from {} to {}", page,
                               limits::page_step, limits::page_step, limits::page));
}

Outcome<void> check_hole(const Case& c) {
  const Layout& layout = c.layout;
  if (layout.hole == 0) return {};
  if (auto ok = within("hole", layout.hole, 0, limits::pad); !ok) return ok;
  if (layout.padding == Padding::packed || layout.page > 0 || c.problem.pass == Pass::append)
    return bad_input(
        fmt::format("case: hole={}, expected it of rectangles only: not with lay=packed, page or pass=append",
                    layout.hole));
  return {};
}

Outcome<void> check_memory(const Case& c) {
  for (const auto roles : {inputs_of(c.problem.pass), outputs_of(c.problem.pass)})
    for (TensorRole role : roles) {
      const auto size = static_cast<std::int64_t>(bytes_of(dtype_of(c.problem, role)));
      const std::int64_t bytes = place(c.problem, c.layout, role).elements * size;
      if (bytes > limits::tensor_bytes)
        return bad_input(fmt::format("case: {} takes {} bytes in this layout, expected at most {} a tensor",
                                     name_of(role), bytes, limits::tensor_bytes));
    }
  return {};
}

}  // namespace

Outcome<Case> validated(Case c) {
  if (auto ok = check_shape(c.problem); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_mask(c.problem.mask); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_scale(c.problem); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_modifiers(c.problem); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_rope(c.problem); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_append(c.problem); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_data(c.problem); !ok) return tl::unexpected(ok.error());
  if (auto ok = within("pad", c.layout.pad, 0, limits::pad); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_page(c.layout.page); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_hole(c); !ok) return tl::unexpected(ok.error());
  if (auto ok = check_memory(c); !ok) return tl::unexpected(ok.error());
  return c;
}

}  // namespace flashdiff
