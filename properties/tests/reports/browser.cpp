#include "properties/tests/reports/browser.h"

#include <array>
#include <cstdlib>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace flashdiff::test {
namespace {

using nlohmann::json;

constexpr int patience_ms = 60'000;

std::string program_on_path() {
  const char* path = std::getenv("PATH");
  for (const std::string name : {"chromium", "chromium-browser", "google-chrome"})
    for (std::string rest = path == nullptr ? "" : path; !rest.empty();) {
      const std::size_t colon = rest.find(':');
      const std::string program = rest.substr(0, colon) + "/" + name;
      if (access(program.c_str(), X_OK) == 0) return program;
      rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
    }
  return {};
}

std::array<int, 2> pipe_or_throw() {
  std::array<int, 2> ends{};
  // Out of the way of 3 and 4, which the browser wants.
  if (pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  for (int& end : ends) {
    const int moved = fcntl(end, F_DUPFD_CLOEXEC, 10);
    close(end);
    end = moved;
  }
  return ends;
}

[[noreturn]] void become(const std::string& program, const std::filesystem::path& profile, int in, int out) {
  dup2(in, 3);
  dup2(out, 4);
  const int nothing = ::open("/dev/null", O_RDWR);
  dup2(nothing, 1);
  dup2(nothing, 2);
  const std::string folder = "--user-data-dir=" + profile.string();
  // No sandbox: tests run as root in containers, and the page is our own.
  execl(program.c_str(), program.c_str(), "--headless", "--no-sandbox", "--disable-gpu",
        "--disable-dev-shm-usage", "--disable-extensions", "--no-first-run", "--remote-debugging-pipe",
        folder.c_str(), static_cast<char*>(nullptr));
  _exit(127);
}

std::string from_base64(const std::string& text) {
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned held = 0;
  int bits = 0;
  for (const char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) break;  // the padding
    held = held << 6U | static_cast<unsigned>(value);
    bits += 6;
    if (bits >= 8) bytes += static_cast<char>(held >> static_cast<unsigned>(bits -= 8) & 0xffU);
  }
  return bytes;
}

}  // namespace

std::unique_ptr<Browser> Browser::start() {
  const std::string program = program_on_path();
  if (program.empty()) return nullptr;
  std::string folder = (std::filesystem::temp_directory_path() / "flashdiff-browser-XXXXXX").string();
  if (mkdtemp(folder.data()) == nullptr) throw std::runtime_error("no temporary folder");
  const auto commands = pipe_or_throw(), answers = pipe_or_throw();
  const pid_t process = fork();
  if (process < 0) throw std::runtime_error("no process");
  if (process == 0) become(program, folder, commands[0], answers[1]);
  close(commands[0]);
  close(answers[1]);
  signal(SIGPIPE, SIG_IGN);  // a browser that dies is an error of write(), not our end
  return std::unique_ptr<Browser>(new Browser(process, commands[1], answers[0], folder));
}

Browser::~Browser() {
  kill(process_, SIGTERM);
  waitpid(process_, nullptr, 0);
  close(to_);
  close(from_);
  std::error_code ignored;
  std::filesystem::remove_all(profile_, ignored);
}

json Browser::next_message() {
  std::size_t end = 0;
  while ((end = received_.find('\0')) == std::string::npos) {
    pollfd waiting{from_, POLLIN, 0};
    std::array<char, 65536> chunk{};
    const ssize_t count = poll(&waiting, 1, patience_ms) > 0 ? read(from_, chunk.data(), chunk.size()) : 0;
    if (count <= 0) throw std::runtime_error("the browser does not answer");
    received_.append(chunk.data(), static_cast<std::size_t>(count));
  }
  json message = json::parse(received_.substr(0, end));
  received_.erase(0, end + 1);
  return message;
}

json Browser::call(const std::string& method, const json& parameters) {
  json command{{"id", ++calls_}, {"method", method}, {"params", parameters}};
  if (!session_.empty()) command["sessionId"] = session_;
  const std::string text = command.dump();
  if (write(to_, text.c_str(), text.size() + 1) != static_cast<ssize_t>(text.size()) + 1)
    throw std::runtime_error("the browser does not listen");
  while (true) {
    const json message = next_message();
    if (message.contains("method"))
      take_note(message);
    else if (message.value("id", 0) == calls_) {
      if (message.contains("error")) throw std::runtime_error(method + ": " + message["error"].dump());
      return message["result"];
    }
  }
}

void Browser::take_note(const json& event) {
  if (event.value("sessionId", "") != session_) return;
  const std::string method = event["method"];
  const json& said = event["params"];
  if (method == "Page.loadEventFired")
    loaded_ = true;
  else if (method == "Runtime.consoleAPICalled" || method == "Runtime.exceptionThrown" ||
           method == "Log.entryAdded")
    complaints_.push_back(method + ": " + said.dump());
  else if (method == "Network.requestWillBeSent" && said["request"]["url"] != page_)
    complaints_.push_back("asks for " + said["request"]["url"].get<std::string>());
}

void Browser::open(const std::filesystem::path& page, const Window& window, const std::string& fragment) {
  session_.clear();
  if (!target_.empty()) call("Target.closeTarget", {{"targetId", target_}});
  target_ = call("Target.createTarget", {{"url", "about:blank"}})["targetId"];
  session_ = call("Target.attachToTarget", {{"targetId", target_}, {"flatten", true}})["sessionId"];
  for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"}) call(domain);
  call("Emulation.setDeviceMetricsOverride", {{"width", window.width},
                                              {"height", window.height},
                                              {"deviceScaleFactor", 1},
                                              {"mobile", window.width < 600}});
  call("Emulation.setEmulatedMedia",
       {{"media", window.print ? "print" : ""},
        {"features", {{{"name", "prefers-color-scheme"}, {"value", window.dark ? "dark" : "light"}}}}});
  call("Emulation.setScriptExecutionDisabled", {{"value", !window.script}});
  complaints_.clear();
  loaded_ = false;
  page_ = "file://" + page.string();
  call("Page.navigate", {{"url", page_ + fragment}});
  while (!loaded_) take_note(next_message());
}

json Browser::evaluate(const std::string& expression) {
  const json result = call(
      "Runtime.evaluate",
      {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}, {"userGesture", true}});
  if (result.contains("exceptionDetails")) throw std::runtime_error(expression + ": " + result.dump());
  return result["result"].value("value", json());
}

void Browser::click(const std::string& selector) {
  (void)evaluate("document.querySelector(" + json(selector).dump() + ").click()");
}

void Browser::press_tab() {
  json key{{"type", "rawKeyDown"}, {"key", "Tab"}, {"code", "Tab"}, {"windowsVirtualKeyCode", 9}};
  call("Input.dispatchKeyEvent", key);
  key["type"] = "keyUp";
  call("Input.dispatchKeyEvent", key);
}

std::vector<std::string> Browser::unnamed() {
  std::vector<std::string> nameless;
  for (const json& node : call("Accessibility.getFullAXTree")["nodes"]) {
    if (node.value("ignored", false)) continue;
    const std::string role = node.value("/role/value"_json_pointer, std::string());
    bool focusable = false;
    for (const json& property : node.value("properties", json::array()))
      focusable = focusable || (property["name"] == "focusable" && property["value"]["value"] == true);
    const bool needs_one = role == "img" || role == "image" || role == "region" ||
                           (focusable && role != "RootWebArea" && role != "main");
    if (needs_one && node.value("/name/value"_json_pointer, std::string()).empty())
      nameless.push_back(role + ": " + node.dump().substr(0, 300));
  }
  return nameless;
}

std::string Browser::picture() { return from_base64(call("Page.captureScreenshot")["data"]); }

std::vector<std::string> Browser::complaints() { return complaints_; }

}  // namespace flashdiff::test
