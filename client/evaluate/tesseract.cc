#include "client/evaluate/tesseract.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "client/exit_code.h"
#include "client/page_format.h"
#include "proto/status.h"

extern char** environ;

namespace quire::client {
namespace {

constexpr char kProgram[] = "tesseract";

// A running program whose standard output comes through a pipe.
struct Child {
  pid_t pid = -1;
  int out_fd = -1;
};

// Starts the program with standard error going to `error_fd`. NotFound when it cannot.
absl::StatusOr<Child> Spawn(const std::vector<std::string>& arguments, int error_fd) {
  std::vector<char*> words = {const_cast<char*>(kProgram)};
  for (const std::string& word : arguments) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  int out[2];
  if (pipe(out) != 0) return FileError("start", kProgram, errno);
  for (const int fd : out) fcntl(fd, F_SETFD, FD_CLOEXEC);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error_fd, STDERR_FILENO);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;  // this process blocks the signals that Interrupt waits for
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  Child child{.out_fd = out[0]};
  const int error =
      posix_spawnp(&child.pid, kProgram, &actions, &attributes, words.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  close(out[1]);
  if (error == 0) return child;
  close(out[0]);
  return absl::NotFoundError(absl::StrCat(
      "tesseract cannot be started: ", std::strerror(error),
      "; on Debian: apt-get install tesseract-ocr, and tesseract-ocr-deu, ... for languages"));
}

std::string ReadToEnd(int fd) {
  std::string text;
  std::array<char, 65536> buffer;
  while (true) {
    const ssize_t bytes = read(fd, buffer.data(), buffer.size());
    if (bytes < 0 && errno == EINTR) continue;
    if (bytes <= 0) return text;
    text.append(buffer.data(), static_cast<size_t>(bytes));
  }
}

}  // namespace

absl::StatusOr<std::string> TesseractReader::Run(const std::vector<std::string>& arguments) {
  std::FILE* errors = std::tmpfile();
  if (errors == nullptr) return FileError("create", "a temporary file", errno);
  const auto child = Spawn(arguments, fileno(errors));
  if (!child.ok()) {
    std::fclose(errors);
    return child.status();
  }
  std::string text;
  int wait_status = 0;
  rusage usage = {};
  {
    const OnInterrupt stop(interrupt_, [pid = child->pid] { kill(pid, SIGTERM); });
    text = ReadToEnd(child->out_fd);
    // Not reaped before `stop` is gone, so that its signal meets no other process.
    siginfo_t ended = {};
    waitid(P_PID, static_cast<id_t>(child->pid), &ended, WEXITED | WNOWAIT);
  }
  close(child->out_fd);
  wait4(child->pid, &wait_status, 0, &usage);
  std::rewind(errors);
  std::string complaint(2000, '\0');
  complaint.resize(std::fread(complaint.data(), 1, complaint.size(), errors));
  std::fclose(errors);
  if (interrupt_.requested()) return InterruptedError();
#ifdef __linux__
  peak_bytes_ = std::max<int64_t>(peak_bytes_, usage.ru_maxrss * 1024);
#else
  peak_bytes_ = std::max<int64_t>(peak_bytes_, usage.ru_maxrss);
#endif
  if (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0) return text;
  absl::StripAsciiWhitespace(&complaint);
  return absl::FailedPreconditionError(absl::StrCat("tesseract failed: ", Printable(complaint)));
}

absl::StatusOr<TesseractReader> TesseractReader::Find(const std::string& language,
                                                      const PageImages& images,
                                                      Interrupt& interrupt) {
  TesseractReader reader(language, images, interrupt);
  QUIRE_ASSIGN_OR_RETURN(const std::string text, reader.Run({"--version"}));
  const size_t begin = text.find(' ');
  if (begin != std::string::npos) {
    reader.version_ = text.substr(begin + 1, text.find('\n') - begin - 1);
  }
  reader.peak_bytes_ = 0;
  return reader;
}

absl::StatusOr<DocumentReading> TesseractReader::Read(const DataDocument& document) {
  if (interrupt_.requested()) return InterruptedError();
  std::map<int, std::string> images = {{1, document.path}};
  if (document.is_pdf) images = images_.PagesOf(document.path);
  if (images.empty()) {
    return absl::FailedPreconditionError(
        "tesseract reads no PDF, and no quire-server drew its pages: evaluate a model beside it");
  }
  DocumentReading reading;
  const auto start = std::chrono::steady_clock::now();
  for (const auto& [page, path] : images) {
    QUIRE_ASSIGN_OR_RETURN(reading.pages[page],
                           Run({path, "stdout", "-l", language_, "--psm", "3"}));
  }
  reading.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return reading;
}

}  // namespace quire::client
