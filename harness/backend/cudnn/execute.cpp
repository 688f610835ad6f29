#include "harness/backend/cudnn/execute.h"

#include <fmt/format.h>

#include "harness/backend/cudnn/block.h"
#include "harness/backend/cudnn/slots.h"
#include "harness/driver/handles.h"
#include "harness/timing/stopwatch.h"

namespace flashdiff::cudnn {
namespace {

using driver::DeviceBuffer;
using driver::Driver;

struct Prepared {
  std::string key;
  Plan plan;
  std::string words;  ///< of Ran::plan
};

/// Loaded where a saved plan fits, else compiled, and why.
Outcome<Prepared> prepare(Engine& engine, const PlanMaker& maker, const Execution& asked) {
  Prepared made{key_of(asked.graph), {}, "compiled"};
  Outcome<std::vector<std::uint8_t>> saved;
  const std::string file = plan_file(asked.plans, maker, made.key);
  if (!asked.plans.empty()) {
    saved = read_plan(file, maker, made.key);
    if (!saved) made.words += ", since " + saved.error().what;
  }
  Outcome<Plan> plan = engine.prepare(made.key, asked.graph, saved ? *saved : std::vector<std::uint8_t>());
  if (!plan) return tl::unexpected<Error>(std::move(plan.error()));
  made.plan = std::move(*plan);
  if (made.plan.loaded)
    made.words = "loaded from " + file;
  else if (!made.plan.refused.empty())
    made.words += fmt::format(", since cuDNN does not take {}: {}", file, made.plan.refused);
  return made;
}

Outcome<DeviceBuffer> uploaded(const Driver& driver, std::span<const std::byte> bytes) {
  Outcome<DeviceBuffer> buffer = DeviceBuffer::allocate(driver, bytes.size());
  if (buffer)
    if (auto copied = buffer->upload(bytes); !copied) return tl::unexpected<Error>(std::move(copied.error()));
  return buffer;
}

/// All ones: NaN in every floating-point type, and no plausible count.
Outcome<DeviceBuffer> poisoned(const Driver& driver, std::int64_t bytes) {
  constexpr unsigned char kPoison = 0xff;
  Outcome<DeviceBuffer> buffer = DeviceBuffer::allocate(driver, static_cast<std::size_t>(bytes));
  if (buffer && bytes > 0)
    if (auto filled =
            driver.check(driver.api().cuMemsetD8(buffer->address(), kPoison, buffer->bytes()), "cuMemsetD8");
        !filled)
      return tl::unexpected<Error>(std::move(filled.error()));
  return buffer;
}

/// What a fault has left behind is told by the wait; what cuDNN says of a call that it could not make, by it.
Outcome<void> run_once(const Driver& driver, const std::function<Outcome<void>()>& call) {
  Outcome<void> called = call();
  const Outcome<void> ended = driver.check(driver.api().cuCtxSynchronize(), "cuCtxSynchronize");
  if (!ended) return ended;
  if (!called && driver.is_soft())
    if (const std::string said = driver.soft().last_fault(); !said.empty())
      called.error().what += fmt::format(" ({})", said.substr(0, said.find('\n')));
  return called;
}

}  // namespace

Outcome<Ran> execute(Engine& engine, const Driver& driver, const PlanMaker& maker, const Execution& asked) {
  const auto failed = [](Error error) { return tl::unexpected<Error>(std::move(error)); };
  const Outcome<Block> block = Block::open(asked.block, asked.block_bytes);
  if (!block) return failed(block.error());
  const Outcome<Prepared> prepared = prepare(engine, maker, asked);
  if (!prepared) return failed(prepared.error());

  std::vector<DeviceBuffer> buffers;
  std::map<std::int64_t, void*> tensors;
  for (const Piece& one : asked.tensors) {
    Outcome<DeviceBuffer> buffer = uploaded(driver, block->bytes().subspan(one.at, one.bytes));
    if (!buffer) return failed(std::move(buffer.error()));
    buffers.push_back(std::move(*buffer));
    tensors[slot_of(one.name)] = reinterpret_cast<void*>(buffers.back().address() + one.first);
  }
  const Outcome<DeviceBuffer> workspace = poisoned(driver, prepared->plan.workspace_bytes);
  if (!workspace) return failed(workspace.error());
  const auto call = [&] {
    return engine.execute(prepared->key, tensors, reinterpret_cast<void*>(workspace->address()));
  };
  if (auto ran = run_once(driver, call); !ran) {
    ran.error().what += fmt::format("; plan {}", prepared->words);
    return failed(std::move(ran.error()));
  }
  for (std::size_t i = 0; i < buffers.size(); ++i) {
    const Piece& one = asked.tensors[i];
    if (auto copied = buffers[i].download(block->bytes().subspan(one.at, one.bytes)); !copied)
      return failed(std::move(copied.error()));
  }
  Ran ran{prepared->words, prepared->plan.engine, prepared->plan.workspace_bytes, {}};
  if (!asked.timing) return ran;
  Outcome<timing::Timed> timed = timing::time_launches(driver, call, *asked.timing);
  if (!timed) return failed(std::move(timed.error()));
  ran.timed = std::move(*timed);
  return ran;
}

}  // namespace flashdiff::cudnn
