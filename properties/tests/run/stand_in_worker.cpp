#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

#include "harness/run/serve.h"
#include "properties/tests/oracle/fake_backend.h"

// A worker process for tests: answers by the reference, and does what its argument says where a sequence has
// three keys or more.

namespace flashdiff {
namespace {

bool triggered(const Case& c) {
  for (const SequenceLengths& lengths : c.problem.sequences)
    if (lengths.kv_len >= 3 && lengths.q_len >= 1) return true;
  return false;
}

Outcome<void> misbehave(const std::string& how, LaidOut& io) {
  if (how == "chatter")
    std::puts("{\"verdict\": {\"kind\": \"pass\"}}");  // to standard output, where nobody listens
  if (!triggered(io.question)) return {};
  if (how == "crash") std::abort();
  if (how == "exit") _exit(7);
  if (how == "hang") pause();
  if (how == "eat") {  // touched, so that it is taken
    for (std::vector<std::vector<char>> eaten; eaten.size() < 4096;) eaten.emplace_back(1 << 20, 'x');
  }
  if (how == "fill") {  // as much as a watch can see, and then waits for it
    const std::vector<char> filled(300 << 20, 'x');
    pause();
  }
  if (how == "fault") return fail(ErrorKind::device_fault, "illegal address", "line 12");
  if (how == "wrong") {  // another exponent, of the first element
    const auto size = static_cast<std::int64_t>(bytes_of(io.o.dtype));
    io.o.body()[(io.o.place.address(0, 0, 0) + 1) * size - 1] ^= std::byte{0x40};
  }
  return {};
}

/// "one" is `wide` where a sequence has ten keys, else `narrow`; a case breaks whichever it is asked.
Related relate_stand_in(Backend&, const Case& c, const Answer&, const std::string& which) {
  const bool wide = c.problem.sequences.front().kv_len >= 10;
  const std::string name = which == "one" ? (wide ? "wide" : "narrow") : which;
  if (!triggered(c)) return {{name}, {}};
  return {{name}, verdict::BrokenRelation{name, "it holds", {}, 1, 2, 0.5, 1, 1}};
}

}  // namespace
}  // namespace flashdiff

int main(int argc, char** argv) {
  using namespace flashdiff;
  const std::string how = argc > 1 ? argv[1] : "";
  if (how == "mute") return 4;
  if (argc > 2) {
    const rlimit limit{std::stoull(argv[2]), std::stoull(argv[2])};
    if (setrlimit(RLIMIT_DATA, &limit) != 0) return 5;
  }
  if (how == "babble") return write(3, "hello\n", 6) == 6 ? 0 : 1;
  if (how == "refuse") return serve(unsupported("no such device here")) ? 0 : 3;
  std::vector<std::unique_ptr<Backend>> backends;
  auto fake = std::make_unique<testing::FakeBackend>([how](LaidOut& io) { return misbehave(how, io); });
  backends.push_back(std::move(fake));
  for (const char* right : {"second", "third"})
    backends.push_back(std::make_unique<testing::FakeBackend>(testing::FakeBackend::Plant(), right));
  Aside aside;
  if (how == "aside" || how == "fault")
    aside = [](Backend&, const Case& c) { return triggered(c) ? "three keys" : ""; };
  Relate relate;
  if (how == "broken" || how == "wrong") relate = relate_stand_in;
  return serve(Outcome<std::vector<std::unique_ptr<Backend>>>(std::move(backends)), aside, relate) ? 0 : 3;
}
