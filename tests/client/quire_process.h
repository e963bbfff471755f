#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace quire::client {

// How to start the program `quire`.
struct QuireOptions {
  std::vector<std::string> arguments;
  std::vector<std::string> environment;  // "KEY=value"; QUIRE_... of the test itself is taken out
  std::string input;                     // standard input, a pipe; at most 60,000 bytes
  std::string program;                   // the built one when empty
  bool stderr_is_terminal = false;
  bool open_input = false;               // leaves the pipe of standard input open
};

// The real program in a process of its own. Waits end after 30 s with what came until then. The
// destructor kills what is left. One thread at a time.
class QuireProcess {
 public:
  explicit QuireProcess(const QuireOptions& options);
  ~QuireProcess();
  QuireProcess(const QuireProcess&) = delete;
  QuireProcess& operator=(const QuireProcess&) = delete;

  // Waits until standard output (or error) holds `text`.
  bool WaitForOutput(const std::string& text);
  bool WaitForError(const std::string& text);
  void Signal(int signal);
  // Closes our end of its standard output.
  void CloseOutput();
  // Waits for its end; 128 + N for signal N, -1 when it did not end.
  int Wait();
  // The same with nobody reading what it prints.
  int WaitUnread();

  const std::string& out() const { return out_; }
  const std::string& err() const { return err_; }

 private:
  // Reads once from either pipe; false when both have ended or the time is over.
  bool ReadMore();

  pid_t pid_ = -1;
  int out_fd_ = -1;
  int err_fd_ = -1;
  int in_fd_ = -1;
  std::string out_;
  std::string err_;
};

// How a run ended.
struct QuireResult {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// Runs `quire` to its end.
QuireResult RunQuire(const QuireOptions& options);

}  // namespace quire::client
