#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>
#include <sys/types.h>

namespace flashdiff::test {

/// The window that a page is looked at in.
struct Window {
  int width = 1280, height = 900;
  bool dark = false;
  bool script = true;
  bool print = false;  ///< as it would come out on paper
};

/// A headless Chromium, spoken to by the DevTools protocol through a pipe (no port, no dependency):
/// https://chromedevtools.github.io/devtools-protocol/
class Browser {
 public:
  /// The Chromium on PATH, started; nothing where there is none.
  [[nodiscard]] static std::unique_ptr<Browser> start();
  ~Browser();
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  /// Opens a file in a fresh tab and waits until it is loaded.
  void open(const std::filesystem::path& page, const Window& window, const std::string& fragment = "");
  /// What a JavaScript expression is worth on the open page.
  [[nodiscard]] nlohmann::json evaluate(const std::string& expression);
  void click(const std::string& selector);
  /// As a person does it.
  void press_tab();
  /// What can be reached by keyboard or stands for a picture, and has no name that could be read out.
  [[nodiscard]] std::vector<std::string> unnamed();
  /// A picture of the window, as a PNG.
  [[nodiscard]] std::string picture();
  /// Since open(): console messages, exceptions, violations of the page's policy, requests for anything but
  /// the page itself.
  [[nodiscard]] std::vector<std::string> complaints();

 private:
  Browser(pid_t process, int to, int from, std::filesystem::path profile)
      : process_(process), to_(to), from_(from), profile_(std::move(profile)) {}
  nlohmann::json call(const std::string& method, const nlohmann::json& parameters = nlohmann::json::object());
  nlohmann::json next_message();
  void take_note(const nlohmann::json& event);

  pid_t process_;
  int to_, from_;
  std::filesystem::path profile_;
  std::string received_, session_, target_, page_;
  int calls_ = 0;
  bool loaded_ = false;
  std::vector<std::string> complaints_;
};

}  // namespace flashdiff::test
