#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/backend/cudnn/canary.h"
#include "harness/backend/cudnn/execute.h"
#include "harness/backend/cudnn/wire.h"
#include "harness/driver/handles.h"
#include "harness/run/process.h"

// flashdiff_cudnn PROFILE SM LIBCUDA: cuDNN in a process of its own, for the GPU that a profile describes and
// on softcuda; with PROFILE `-` for the GPU that is there. The first line that it says is its version and
// GPU, or why it cannot be asked; then an answer to each question. See ask.h.

namespace flashdiff::cudnn {
namespace {

using nlohmann::json;

bool say(const json& what) {
  return detail::Process::say(what.dump(-1, ' ', false, json::error_handler_t::replace));
}

int fail(const std::string& why) {
  (void)say({{"error", why}});
  return 1;
}

/// A question that every GPU since sm_80 has an engine for. A missing library may look like a no to every
/// question: then to this one as well.
std::string why_no_answer_counts(Engine& engine) {
  const Answer answer = engine.ask(canary_graph(), Level::supported, nullptr);
  if (answer.said == Said::yes) return {};
  return "cuDNN has no engine even for the plainest attention (a library that it loads at run time may be "
         "missing): " +
         answer.why;
}

/// The file of a profile, and the GPU that it is of.
Outcome<std::string> read_profile(const std::string& file, PlanMaker& maker) {
  std::ifstream stream(file);
  std::ostringstream text;
  text << stream.rdbuf();
  const json profile = json::parse(text.str(), nullptr, false);
  if (!profile.is_object()) return bad_input(file + ": cannot be read, expected a device profile");
  maker.device = profile.value("deviceName", "");
  return text.str();
}

/// The GPU that a driver has.
Outcome<void> read_device(const driver::Driver& driver, PlanMaker& maker) {
  return driver::devices(driver).map([&](const std::vector<driver::DeviceInfo>& all) {
    maker.device = all.front().name;
    maker.sm = 10 * all.front().compute_major + all.front().compute_minor;
  });
}

/// Plans that are kept, by the folder that a question names.
Answer answer(Engine& engine, const PlanMaker& maker, const Question& question) {
  std::vector<std::uint8_t> plan;
  Answer said = engine.ask(question.graph, question.level, question.plans.empty() ? nullptr : &plan);
  if (plan.empty()) return said;
  const std::string key = key_of(question.graph);
  if (auto written = write_plan(plan_file(question.plans, maker, key), maker, key, plan); !written)
    said.why = written.error().what;
  return said;
}

/// Until the input ends, or the device is broken by what ran on it.
int answer_all(Engine& engine, const driver::Driver& driver, const PlanMaker& maker) {
  for (std::string line; std::getline(std::cin, line);) {
    const json asked = json::parse(line, nullptr, false);
    if (is_execution(asked)) {
      const Outcome<Execution> execution = execution_of_json(asked);
      const Outcome<Ran> ran = execution ? execute(engine, driver, maker, *execution)
                                         : Outcome<Ran>(tl::unexpected<Error>(execution.error()));
      if (!say(json_of(ran))) break;
      if (!ran && ran.error().kind == ErrorKind::device_fault) return 1;
      continue;
    }
    const Outcome<Question> question = question_of_json(asked);
    if (!question) return fail(question.error().what);
    if (!say(json_of(answer(engine, maker, *question)))) break;
  }
  return 0;
}

int serve(const std::string& profile, int sm, const std::string& libcuda) {
  const bool on_gpu = profile == "-";
  PlanMaker maker{0, sm, {}};
  std::string text;
  // cuDNN loads what it compiled as a library of the driver's, and softcuda wants a context for that.
  if (!on_gpu) (void)setenv("FLASHDIFF_SOFTCUDA", libcuda.c_str(), 1);
  auto driver = driver::Driver::load(on_gpu ? DeviceChoice::gpu : DeviceChoice::soft);
  if (!driver) return fail(driver.error().what);
  if (on_gpu) {
    if (auto read = read_device(**driver, maker); !read) return fail(read.error().what);
  } else {
    auto read = read_profile(profile, maker);
    if (!read) return fail(read.error().what);
    text = std::move(*read);
  }
  const auto context = driver::Context::open(*driver);
  if (!context) return fail(context.error().what);
  auto engine = Engine::open(text, maker.sm, libcuda);
  if (!engine) return fail(engine.error().what);
  if (const std::string why = why_no_answer_counts(**engine); !why.empty()) return fail(why);
  maker.cudnn = (*engine)->version();
  if (!say({{"version", maker.cudnn}, {"sm", maker.sm}, {"device", maker.device}, {"executes", on_gpu}}))
    return 0;
  return answer_all(**engine, **driver, maker);
}

}  // namespace
}  // namespace flashdiff::cudnn

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (argc != 4) {
    std::cerr << "usage: flashdiff_cudnn PROFILE SM LIBCUDA, with questions on standard input; flashdiff "
                 "starts it\n";
    return 2;
  }
  const int result = flashdiff::cudnn::serve(argv[1], std::atoi(argv[2]), argv[3]);
  std::cout.flush();
  _exit(
      result);  // exit handlers of libraries that were opened and never closed: nothing that an answer needs
}
