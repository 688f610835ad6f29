#include "harness/bench/openvino_bench.h"

#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "harness/backend/openvino/rectangles.h"
#include "harness/bench/measure.h"
#include "harness/problem/data.h"

namespace flashdiff {
namespace {

using detail::Fastest;
using detail::Gemm;

struct OpenVinoShape {
  const char* name;
  int length, d, heads, kv_heads;
  MaskKind mask;
};
constexpr OpenVinoShape kOpenVinoShapes[] = {
    {"2048_keys_d128", 2048, 128, 1, 1, MaskKind::none},
    {"2048_keys_d128_causal", 2048, 128, 1, 1, MaskKind::causal_bottom_right},
    {"256_keys_d64_causal", 256, 64, 8, 8, MaskKind::causal_bottom_right},
    {"256_keys_d64_causal_4_heads_a_kv_head", 256, 64, 8, 2, MaskKind::causal_bottom_right},
    {"256_keys_d64", 256, 64, 8, 8, MaskKind::none},
};

Case case_of(const OpenVinoShape& shape) {
  Case c;
  c.problem.sequences = {{shape.length, shape.length}};
  c.problem.h_q = shape.heads;
  c.problem.h_kv = shape.kv_heads;
  c.problem.d_qk = c.problem.d_v = shape.d;
  c.problem.mask.kind = shape.mask;
  return c;
}

/// Attention in parts is another thing than a fused one: its time says so.
std::string openvino_label(const std::string& version, const std::string& threads,
                           const std::vector<openvino::RanNode>& ran) {
  return fmt::format("OpenVINO {}, {}, {}{}", version, threads,
                     openvino::is_fused(ran) ? "fused: " : "NOT fused: ", openvino::words_of(ran));
}

void openvino_forward(benchmark::State& state, const OpenVinoShape& shape) {
  const Case c = case_of(shape);
  auto library = openvino::Library::load();
  if (!library) return state.SkipWithError(library.error().what.c_str());
  openvino::Rectangles all = openvino::rectangles_of(lay_out(c, make_data(c.problem).value()));
  auto model = openvino::Model::compile(*library, all.form, openvino::Thread::pinned);
  if (!model) return state.SkipWithError(model.error().what.c_str());
  const auto scale = static_cast<float>(c.problem.softmax_scale());
  auto done = model->bind({all.q.data(), all.k.data(), all.v.data(), all.mask(), &scale, all.o.data()});
  if (done) done = model->run();  // the first run is longer
  if (!done) return state.SkipWithError(done.error().what.c_str());

  Gemm<float> gemm;
  Fastest attention(detail::process_seconds), product(detail::process_seconds);
  for ([[maybe_unused]] auto _ : state) {
    attention.time([&] { done = model->run(); });
    state.PauseTiming();
    product.time(gemm);
    state.ResumeTiming();
  }
  if (!done) return state.SkipWithError(done.error().what.c_str());
  const double rate = c.problem.forward_flops() / attention.seconds();
  state.counters["of_eigen_gemm"] = rate / (Gemm<float>::flops() / product.seconds());
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(c.problem.forward_flops()));
  const auto threads = model->threads();
  const auto ran = model->ran();
  if (!threads || !ran) return state.SkipWithError((threads ? ran.error() : threads.error()).what.c_str());
  state.SetLabel(openvino_label((*library)->version(), *threads, *ran));
}

}  // namespace

void register_openvino_benchmarks() {
  for (const OpenVinoShape& shape : kOpenVinoShapes)
    benchmark::RegisterBenchmark((std::string("openvino/") + shape.name).c_str(), openvino_forward, shape)
        ->Unit(benchmark::kMillisecond);
}

}  // namespace flashdiff
