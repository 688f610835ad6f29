#include <csignal>
#include <iostream>
#include <string>

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/backend/cudnn/block.h"
#include "harness/run/process.h"
#include "properties/tests/backend/cudnn/graph_meaning.h"

// stand_in_cudnn HOW: answers as flashdiff_cudnn does, and computes what a graph means. HOW: "well", or what
// goes wrong when it runs something.

namespace flashdiff::cudnn {
namespace {

using nlohmann::json;

Outcome<Ran> run(const Execution& asked, const std::string& how) {
  if (how == "crash") raise(SIGSEGV);
  if (how == "leaves") _exit(3);
  if (how == "hang") pause();
  if (how == "fault") return fail(ErrorKind::device_fault, "cuCtxSynchronize: CUDA_ERROR_ILLEGAL_ADDRESS");
  if (how == "engine") return harness_error("CUDNN_STATUS_EXECUTION_FAILED");
  const auto block = Block::open(asked.block, asked.block_bytes);
  if (!block) return tl::unexpected<Error>(block.error());
  Graph graph = asked.graph;
  if (how == "wrong") graph.scale *= 1.5;
  testing::compute(graph, block->bytes(), asked.tensors);
  for (const Piece& one : asked.tensors) {
    std::byte* const bytes = block->bytes().data() + one.at;
    if (how == "guard" && one.name == "o") bytes[0] ^= std::byte{1};
    if (how == "input" && one.name == "k") bytes[one.first] ^= std::byte{1};
  }
  Ran ran{"compiled", "a stand-in", 0, {}};
  if (asked.timing) {
    ran.timed.emplace();
    ran.timed->seconds.assign(static_cast<std::size_t>(asked.timing->at_least), 1e-4);
  }
  return ran;
}

}  // namespace
}  // namespace flashdiff::cudnn

int main(int, char** argv) {
  using namespace flashdiff::cudnn;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto say = [](const json& what) { return flashdiff::detail::Process::say(what.dump()); };
  if (!say({{"version", 92500}, {"sm", 90}, {"device", "a stand-in"}})) return 0;
  for (std::string line; std::getline(std::cin, line);) {
    const json asked = json::parse(line, nullptr, false);
    Answer yes;
    yes.said = Said::yes;
    yes.by = By::engines;
    if (!say(is_execution(asked) ? json_of(run(execution_of_json(asked).value(), argv[1])) : json_of(yes)))
      break;
  }
  return 0;
}
