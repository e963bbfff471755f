// Stands in for quire-server where a test starts a local one: takes the same flags, reads every
// document as two pages, slowly where it is told a --dtype, and leaves a line in the file that
// QUIRE_FAKE_JOURNAL names.

#include <signal.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/client/answers.h"
#include "tests/client/fake_ocr_server.h"

int main(int argc, char** argv) {
  if (std::getenv("QUIRE_FAKE_FAILS") != nullptr) {
    std::fprintf(stderr, "no such model\n");
    return 78;
  }
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::string flags;
  std::string listen;
  std::string ready_file;
  std::chrono::milliseconds delay{};
  for (int i = 1; i < argc; ++i) {
    const std::string flag = argv[i];
    if (flag.starts_with("--")) flags += flag + " ";
    if (flag == "--listen") listen = argv[i + 1];
    if (flag == "--ready-file") ready_file = argv[i + 1];
    if (flag.find("--dtype") != std::string::npos) delay = std::chrono::milliseconds(300);
  }
  const quire::client::FakeOcrServer server(
      {{.events = quire::client::WholeAnswer(2), .delay = delay}}, listen);
  std::ofstream(ready_file + ".part") << "{}\n";
  std::filesystem::rename(ready_file + ".part", ready_file);
  int signal = 0;
  sigwait(&signals, &signal);
  std::ofstream(std::getenv("QUIRE_FAKE_JOURNAL"))
      << flags << "stopped by signal " << signal << "\n";
  return 0;
}
