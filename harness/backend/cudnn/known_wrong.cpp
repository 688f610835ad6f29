#include "harness/backend/cudnn/known_wrong.h"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

namespace flashdiff::cudnn {
namespace {

constexpr int kNotFixed = std::numeric_limits<int>::max();

bool has_empty_sequence(const Case& c, const Graph&) {
  const auto& all = c.problem.sequences;
  return std::any_of(all.begin(), all.end(),
                     [](const SequenceLengths& one) { return one.q_len == 0 || one.kv_len == 0; });
}

/// Its padding mask keeps the tail out; a bias alone does not.
bool backward_half_a_tile_behind(const Case&, const Graph& graph) {
  return graph.backward && !graph.lengths && graph.k.dims[2] % 128 == 64;
}
bool backward_of_one_query(const Case&, const Graph& graph) {
  return graph.backward && !graph.lengths && graph.q.dims[2] == 1;
}
bool backward_of_one_row(const Case&, const Graph& graph) {
  return graph.backward && graph.q.dims[0] == 1 && graph.q.dims[1] == 1 && graph.q.dims[2] == 1;
}
bool backward_of_one_key(const Case&, const Graph& graph) { return graph.backward && graph.k.dims[2] == 1; }
bool causal_decode_of_groups(const Case&, const Graph& graph) {
  return !graph.backward && graph.q.dims[2] == 1 && graph.right && graph.q.dims[1] != graph.k.dims[1];
}
bool backward_without_padding_mask(const Case&, const Graph& graph) {
  return graph.backward && !graph.lengths && graph.k.dims[2] % 128 != 0;
}

constexpr std::array kKnown{
    KnownWrong{0, 92500, 0, "a sequence of length 0: NaN in its rows, or an error when it runs",
               "NVIDIA/cudnn-frontend#943, #944 (9.22; lengths of 0 are a feature of 9.25); "
               "NVIDIA/TransformerEngine#1179 (9.4)",
               &has_empty_sequence},
    // The report names a fix for 9.26 and an official 9.30 that fails: refused until a version is known to be
    // right.
    KnownWrong{0, kNotFixed, 90,
               "backward without a padding mask over kv = 64 modulo 128: NaN where LSE < -88.7",
               "NVIDIA/cudnn-frontend#628; pytorch/pytorch#196678 (9.20)", &backward_half_a_tile_behind},
    KnownWrong{92500, kNotFixed, 90,
               "backward of one query without a padding mask: NaN in dK and dV where LSE is very negative",
               "NVIDIA/cudnn-frontend#1072 (9.25.1, 9.26; open)", &backward_of_one_query},
    KnownWrong{92600, kNotFixed, 90, "backward of one sequence, head and query: a crash while it plans",
               "NVIDIA/cudnn-frontend#1071 (9.26; open)", &backward_of_one_row},
    KnownWrong{0, 91501, 0,
               "backward without a padding mask, kv no multiple of 128: accesses outside of its tensors",
               "NVIDIA/cudnn-frontend, notes of release 1.16.0 (fixed in 9.15.1)",
               &backward_without_padding_mask},
    KnownWrong{0, 91900, 0, "backward over one key is not supported",
               "cuDNN's release notes of 9.18.1, known issues", &backward_of_one_key},
    KnownWrong{0, 91900, 0, "decode with a causal mask and fewer heads of K and V than of Q",
               "cuDNN's release notes of 9.18.1, known issues", &causal_decode_of_groups},
};

}  // namespace

std::span<const KnownWrong> all_known_wrong() { return kKnown; }

std::string why_known_wrong(int version, int sm, const Case& c, const Graph& graph) {
  for (const KnownWrong& one : kKnown) {
    if (version < one.first || version >= one.fixed || (one.sm != 0 && one.sm != sm)) continue;
    if (!one.applies(c, graph)) continue;
    return fmt::format("cuDNN {}.{}.{} is known to be wrong here: {} ({})", version / 10000,
                       version / 100 % 100, version % 100, one.what, one.evidence);
  }
  return {};
}

}  // namespace flashdiff::cudnn
