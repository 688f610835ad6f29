#include "harness/backend/cudnn/cudnn.h"

#include <cstdlib>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "harness/backend/cudnn/ask.h"
#include "harness/backend/cudnn/block.h"
#include "harness/backend/cudnn/handed.h"
#include "harness/backend/cudnn/matrix.h"
#include "harness/timing/timeable.h"

namespace flashdiff {
namespace {

using cudnn::Asker;
using cudnn::Block;
using cudnn::Execution;
using cudnn::Handed;
using cudnn::Handing;
using cudnn::Ran;

/// Where nothing executes, a GPU whose profile was read off one.
constexpr const char* kProfile = "sm_90";

std::string plans_folder() {
  const char* const said = std::getenv("FLASHDIFF_CUDNN_PLANS");
  return said == nullptr ? "" : said;
}

class Cudnn final : public Backend, public timing::Timeable {
 public:
  Cudnn(std::string name, CudnnHanding handing, Asker asker)
      : Backend(std::move(name)), handing_(handing), asker_(std::move(asker)) {
    gpu_.sm = asker_.maker().sm;
    gpu_.device = asker_.maker().device;
  }

  [[nodiscard]] Support supports(const Case& c) const override {
    const Handing handing = handing_of(c);
    if (c.problem.dtype == DType::f32)
      return {false, "what its f32 attention rounds is not documented: no budget can be derived"};
    const cudnn::Answer said = cudnn::ask_case(asker_, gpu_, c, handing);
    if (said.said == cudnn::Said::unasked) return {false, "cuDNN could not be asked: " + said.why};
    if (said.said == cudnn::Said::no) return {false, fmt::format("{} ({})", said.why, name_of(said.by))};
    std::string why = cudnn::why_not_handed(c, handing.way);
    return {why.empty(), std::move(why)};
  }

  /// Tensor cores with f32 accumulators; P and dS are rounded to the inputs' type before their products, as
  /// in FlashAttention, which its documentation names as its algorithm. Tiles of at least 32 keys, by the
  /// names of its kernels. Another layout is another graph and may have another kernel, so bits differ.
  [[nodiscard]] Numerics numerics(const Problem& problem) const override {
    Numerics n;
    n.p = n.ds = n.out = problem.dtype;
    n.qk = n.pv = Accumulation::f32_tensor_core;
    n.kv_tile = 32;
    n.deterministic = false;
    n.gives_lse = !handing_.inference;
    return n;
  }

  [[nodiscard]] std::string about() const override {
    return fmt::format("cuDNN {}, {}", cudnn::version_in_words(asker_.version()), gpu_.device);
  }

  [[nodiscard]] Outcome<timing::Timed> time(const LaidOut& sent, const timing::TimingPlan& plan) override {
    return exchange(sent, plan).and_then([](const Exchanged& there) -> Outcome<timing::Timed> {
      if (!there.ran.timed) return harness_error("cuDNN's process gave no time");
      timing::Timed timed = *there.ran.timed;
      timed.note = fmt::format("{}, plan {}", there.ran.engine, there.ran.plan);
      return timed;
    });
  }

 private:
  struct Exchanged {
    std::vector<Handed> sent, back;
    Ran ran;
  };

  Outcome<void> do_run(LaidOut& io) override {
    return exchange(io, {}).map([&](const Exchanged& there) {
      cudnn::take_back(there.sent, there.back, handing_of(io.question), io);
    });
  }

  /// Tensors over, the call, tensors back.
  Outcome<Exchanged> exchange(const LaidOut& sent, std::optional<timing::TimingPlan> timing) {
    const Handing handing = handing_of(sent.question);
    const auto graph = cudnn::graph_of(sent.question, handing);
    if (!graph) return tl::unexpected<Error>(graph.error());
    Exchanged all{cudnn::handed_over(sent, handing), {}, {}};
    Execution execution{*graph, plans_folder(), {}, 0, {}, timing};
    constexpr std::size_t kAligned = 512;  // each tensor of the block: no need but a tidy hexdump's
    for (const Handed& one : all.sent) {
      execution.tensors.push_back({one.name, execution.block_bytes, one.bytes.size(), one.first});
      execution.block_bytes += (one.bytes.size() + kAligned - 1) / kAligned * kAligned;
    }
    const Outcome<Block> block = Block::make(execution.block_bytes);
    if (!block) return tl::unexpected<Error>(block.error());
    execution.block = block->where();
    for (std::size_t i = 0; i < all.sent.size(); ++i)
      std::memcpy(block->bytes().data() + execution.tensors[i].at, all.sent[i].bytes.data(),
                  all.sent[i].bytes.size());
    Outcome<Ran> ran = asker_.run(execution);
    if (!ran) return tl::unexpected<Error>(std::move(ran.error()));
    all.ran = std::move(*ran);
    all.back = all.sent;
    for (std::size_t i = 0; i < all.back.size(); ++i)
      std::memcpy(all.back[i].bytes.data(), block->bytes().data() + execution.tensors[i].at,
                  all.back[i].bytes.size());
    return all;
  }

  [[nodiscard]] Handing handing_of(const Case& c) const {
    return {handing_.way ? *handing_.way : cudnn::way_of(c), handing_.inference};
  }

  CudnnHanding handing_;
  mutable Asker asker_;  // remembers what was asked
  cudnn::Profile gpu_;
};

bool gpu_is_there() { return driver::Driver::load(DeviceChoice::gpu).has_value(); }

}  // namespace

Outcome<std::unique_ptr<Backend>> cudnn_backend(std::string name, CudnnHanding handing,
                                                const std::vector<std::string>& command,
                                                double longest_run_seconds) {
  Outcome<Asker> asker = Asker::open(command, Asker::usual_timeout, longest_run_seconds);
  if (!asker) return tl::unexpected<Error>(std::move(asker.error()));
  return std::make_unique<Cudnn>(std::move(name), handing, std::move(*asker));
}

Outcome<std::unique_ptr<Backend>> cudnn_backend(std::string name, CudnnHanding handing, DeviceChoice device) {
  const bool on_gpu = device == DeviceChoice::gpu || (device == DeviceChoice::automatic && gpu_is_there());
  const auto command =
      on_gpu ? cudnn::command_for_gpu() : cudnn::profile_of(kProfile).and_then(cudnn::command_for);
  if (!command) return tl::unexpected<Error>(command.error());
  return cudnn_backend(std::move(name), handing, *command);
}

}  // namespace flashdiff
