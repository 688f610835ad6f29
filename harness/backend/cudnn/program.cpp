#include <csignal>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>
#include <sys/prctl.h>
#include <unistd.h>

#include "harness/backend/cudnn/canary.h"
#include "harness/backend/cudnn/wire.h"
#include "harness/driver/handles.h"
#include "harness/run/process.h"

// flashdiff_cudnn PROFILE SM LIBCUDA: cuDNN in a process of its own. The first line that it says is its
// version, or why it cannot be asked; then an answer to each question. See ask.h.

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
  const Answer answer = engine.ask(canary_graph(), Level::supported, {});
  if (answer.said == Said::yes) return {};
  return "cuDNN has no engine even for the plainest attention (a library that it loads at run time may be "
         "missing): " +
         answer.why;
}

int serve(const std::string& profile, int sm, const std::string& libcuda) {
  std::ifstream file(profile);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) return fail(profile + ": cannot be read, expected a device profile");
  // cuDNN loads what it compiled as a library of the driver's, and softcuda wants a context for that.
  (void)setenv("FLASHDIFF_SOFTCUDA", libcuda.c_str(), 1);
  auto driver = driver::Driver::load(DeviceChoice::soft);
  if (!driver) return fail(driver.error().what);
  const auto context = driver::Context::open(*driver);
  if (!context) return fail(context.error().what);
  auto engine = Engine::open(text.str(), sm, libcuda);
  if (!engine) return fail(engine.error().what);
  if (const std::string why = why_no_answer_counts(**engine); !why.empty()) return fail(why);
  if (!say({{"version", (*engine)->version()}})) return 0;
  for (std::string line; std::getline(std::cin, line);) {
    const Outcome<Question> question = question_of_json(json::parse(line, nullptr, false));
    if (!question) return fail(question.error().what);
    if (!say(json_of((*engine)->ask(question->graph, question->level, question->plan)))) break;
  }
  return 0;
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
