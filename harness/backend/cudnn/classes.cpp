#include "harness/backend/cudnn/classes.h"

#include <array>

#include <fmt/format.h>

namespace flashdiff::cudnn {
namespace {

struct Phase {
  const char* name;
  Pass pass;
  std::vector<SequenceLengths> sequences;
};
const std::array kPhases{
    Phase{"prefill", Pass::forward, {{100, 100}, {37, 37}, {257, 257}}},
    Phase{"chunked", Pass::forward, {{16, 100}, {7, 37}, {64, 257}}},
    Phase{"decode", Pass::forward, {{1, 100}, {1, 37}, {1, 257}}},
    Phase{"cross", Pass::forward, {{100, 37}, {20, 257}, {64, 129}}},
    Phase{"training", Pass::backward, {{100, 100}, {37, 37}, {257, 257}}},
};

struct HandedAs {
  const char* name;
  Way way;
  Padding padding;
  int page;
};
constexpr std::array kHanded{
    HandedAs{"right: lengths", Way::lengths, Padding::right, 0},
    HandedAs{"packed: ragged", Way::ragged, Padding::packed, 0},
    HandedAs{"left: ragged", Way::ragged, Padding::left, 0},
    HandedAs{"left: bias", Way::bias, Padding::left, 0},
    HandedAs{"left: compaction", Way::compaction, Padding::left, 0},
    HandedAs{"pages: lengths", Way::lengths, Padding::right, 16},
};

struct Masked {
  const char* name;
  Mask mask;
};
const std::array kMasks{
    Masked{"none", {}},
    Masked{"causal_tl", {MaskKind::causal_top_left}},
    Masked{"causal_br", {MaskKind::causal_bottom_right}},
    Masked{"window", {MaskKind::window, 32, 8}},
    Masked{"window-left", {MaskKind::window, 32, 0}},
};

struct Dims {
  const char* name;
  int d_qk, d_v;
};
constexpr std::array kDims{Dims{"64", 64, 64}, Dims{"128", 128, 128}, Dims{"256", 256, 256},
                           Dims{"80", 80, 80}, Dims{"60", 60, 60},    Dims{"128/64", 128, 64}};

struct Modified {
  const char* name;
  void (*put)(Problem&);
};
constexpr std::array kModifiers{
    Modified{"plain", [](Problem&) {}},
    Modified{"softcap", [](Problem& p) { p.softcap = 30.0f; }},
    Modified{"alibi", [](Problem& p) { p.alibi = true; }},
    Modified{"sink", [](Problem& p) { p.sink = Sink{}; }},
};
constexpr std::array kTypes{DType::f16, DType::bf16, DType::f32};

ProblemClass made(const Phase& phase, const HandedAs& handed, const Masked& masked, DType dtype,
                  const Dims& dims, const Modified& modified) {
  Case c;
  c.problem.sequences = phase.sequences;
  c.problem.pass = phase.pass;
  c.problem.h_q = 8;
  c.problem.h_kv = 2;
  c.problem.d_qk = dims.d_qk;
  c.problem.d_v = dims.d_v;
  c.problem.dtype = dtype;
  c.problem.mask = masked.mask;
  modified.put(c.problem);
  c.layout.padding = handed.padding;
  c.layout.page = handed.page;
  return {phase.name, handed.name,   masked.name, name_of(dtype),
          dims.name,  modified.name, handed.way,  std::move(c)};
}

}  // namespace

std::vector<ProblemClass> problem_classes(bool every) {
  std::vector<ProblemClass> all;
  for (const Phase& phase : kPhases)
    for (const HandedAs& handed : kHanded)
      for (const Masked& masked : kMasks)
        for (const DType dtype : kTypes)
          for (const Dims& dims : kDims)
            for (const Modified& modified : kModifiers) {
              const bool plain_mask =
                  masked.mask.kind == MaskKind::none || masked.mask.kind == MaskKind::causal_bottom_right;
              const bool plain_dims = &dims == &kDims.front(), plain = &modified == &kModifiers.front();
              // Each axis over all of phase x way x mask or over its two usual masks, the others at their
              // first value.
              const int away = (dtype != DType::f16 ? 1 : 0) + (plain_dims ? 0 : 1) + (plain ? 0 : 1);
              if (!every && (away > 1 || (away == 1 && !plain_mask))) continue;
              all.push_back(made(phase, handed, masked, dtype, dims, modified));
            }
  return all;
}

}  // namespace flashdiff::cudnn
