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
  int page = 0, hole = 0;
};
constexpr std::array kHanded{
    HandedAs{"right: lengths", Way::lengths, Padding::right},
    HandedAs{"packed: ragged", Way::ragged, Padding::packed},
    HandedAs{"left: ragged", Way::ragged, Padding::left},
    HandedAs{"both: ragged", Way::ragged, Padding::both},
    HandedAs{"left: bias", Way::bias, Padding::left},
    HandedAs{"left: compaction", Way::compaction, Padding::left},
    HandedAs{"holes: bias", Way::bias, Padding::right, 0, 7},
    HandedAs{"pages: lengths", Way::lengths, Padding::right, 16},
    HandedAs{"pages: ragged", Way::ragged, Padding::packed, 16},
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
    Masked{"window-right", {MaskKind::window, Mask::unbounded, 8}},
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
  bool inference;
};
constexpr std::array kModifiers{
    Modified{"plain", [](Problem&) {}, false},
    Modified{"softcap", [](Problem& p) { p.softcap = 30.0f; }, false},
    Modified{"alibi", [](Problem& p) { p.alibi = true; }, false},
    Modified{"sink", [](Problem& p) { p.sink = Sink{}; }, false},
    Modified{"inference", [](Problem&) {}, true},
};
constexpr std::array kTypes{DType::f16, DType::bf16, DType::f32};

struct Memory {
  const char* name;
  Order order;
  bool view;
};
constexpr std::array kMemory{
    Memory{"bshd", Order::bshd, false},
    Memory{"bhsd", Order::bhsd, false},
    Memory{"bshd.view", Order::bshd, true},
    Memory{"bhsd.view", Order::bhsd, true},
};

ProblemClass made(const Phase& phase, const HandedAs& handed, const Masked& masked, DType dtype,
                  const Dims& dims, const Modified& modified, const Memory& memory) {
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
  c.layout.hole = handed.hole;
  c.layout.order = memory.order;
  c.layout.view = memory.view;
  return {phase.name,    handed.name, masked.name, name_of(dtype),     dims.name,
          modified.name, memory.name, handed.way,  modified.inference, std::move(c)};
}

/// Each axis over all of phase x way x mask or over its usual masks, the others at their first value.
bool is_usual(const Masked& masked, DType dtype, const Dims& dims, const Modified& modified,
              const Memory& memory) {
  const int away = (dtype != kTypes.front() ? 1 : 0) + (&dims != &kDims.front() ? 1 : 0) +
                   (&modified != &kModifiers.front() ? 1 : 0) + (&memory != &kMemory.front() ? 1 : 0);
  const MaskKind mask = masked.mask.kind;
  if (modified.inference || &memory != &kMemory.front())
    return away == 1 && mask == MaskKind::causal_bottom_right;
  return away == 0 || (away == 1 && (mask == MaskKind::none || mask == MaskKind::causal_bottom_right));
}

}  // namespace

std::vector<ProblemClass> problem_classes(bool every) {
  std::vector<ProblemClass> all;
  for (const Phase& phase : kPhases)
    for (const HandedAs& handed : kHanded)
      for (const Masked& masked : kMasks)
        for (const DType dtype : kTypes)
          for (const Dims& dims : kDims)
            for (const Modified& modified : kModifiers)
              for (const Memory& memory : kMemory) {
                if (modified.inference && phase.pass == Pass::backward) continue;
                if (every || is_usual(masked, dtype, dims, modified, memory))
                  all.push_back(made(phase, handed, masked, dtype, dims, modified, memory));
              }
  return all;
}

}  // namespace flashdiff::cudnn
