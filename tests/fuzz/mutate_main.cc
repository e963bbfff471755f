// Runs a fuzz target without libFuzzer: each file of a corpus as it is, then changed at random. The
// same seed gives the same inputs.
//
//   PROGRAM CORPUS [--seconds N] [--seed N]

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostBytes = 1 << 16;
constexpr rlim_t kMostMemory = rlim_t{1}
                               << 30;  // an input that makes more be taken ends the program
constexpr const char* kWords[] = {"0",
                                  "-1",
                                  "1",
                                  "255",
                                  "4294967296",
                                  "9223372036854775807",
                                  "9223372036854775808",
                                  "18446744073709551615",
                                  "18446744073709551616",
                                  "1e400",
                                  "-0.5",
                                  "null",
                                  "true",
                                  "{}",
                                  "[]",
                                  "\"\"",
                                  "\"dtype\"",
                                  "\"shape\"",
                                  "\"data_offsets\"",
                                  "\"BF16\"",
                                  "\"__metadata__\"",
                                  "\\u0000",
                                  "\xc0\x80"};

std::string current;  // for the handler below

// The input that ended the program, to run again.
void OnCrash(int signal) {
  const int fd = open("fuzz-crash.bin", O_WRONLY | O_CREAT | O_TRUNC, 0644);
  if (fd >= 0) {
    [[maybe_unused]] const ssize_t written = write(fd, current.data(), current.size());
    close(fd);
  }
  static const char kText[] = "fuzz: the input is in fuzz-crash.bin\n";
  [[maybe_unused]] const ssize_t said = write(STDERR_FILENO, kText, sizeof(kText) - 1);
  ::signal(signal, SIG_DFL);
  raise(signal);
}

class Mutator {
 public:
  Mutator(const std::vector<std::string>& corpus, uint64_t seed) : corpus_(corpus), random_(seed) {}

  std::string Next() {
    std::string text = corpus_[Below(corpus_.size())];
    for (size_t changes = 1 + Below(6); changes > 0; --changes) Change(text);
    text.resize(std::min(text.size(), kMostBytes));
    return text;
  }

 private:
  size_t Below(size_t limit) {
    return limit == 0 ? 0 : std::uniform_int_distribution<size_t>(0, limit - 1)(random_);
  }

  void Change(std::string& text) {
    const size_t at = Below(text.size() + 1),
                 length = Below(std::min<size_t>(64, text.size() - at + 1));
    switch (Below(8)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
        return;
      case 1:
        if (at < text.size()) text[at] = static_cast<char>(Below(256));
        return;
      case 2:
        text.erase(at, length);
        return;
      case 3:
        text.insert(at, text.substr(at, length));
        return;
      case 4:
        text.insert(at, std::string(1 + Below(200), "[{\"0,"[Below(5)]));
        return;
      case 5:
        text.insert(at, kWords[Below(std::size(kWords))]);
        return;
      case 6:
        ReplaceNumber(text, at);
        return;
      default: {
        const std::string& other = corpus_[Below(corpus_.size())];
        const size_t from = Below(other.size() + 1);
        text = text.substr(0, at) + other.substr(from);
      }
    }
  }

  void ReplaceNumber(std::string& text, size_t at) {
    const size_t begin = text.find_first_of("0123456789", at);
    if (begin == std::string::npos) return;
    const size_t end = std::min(text.find_first_not_of("0123456789", begin), text.size());
    text.replace(begin, end - begin, kWords[Below(10)]);
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_;
};

std::vector<std::string> ReadCorpus(const char* folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& file : std::filesystem::directory_iterator(folder)) paths.push_back(file.path());
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return corpus;
}

void Run(std::string text) {
  current = std::move(text);
  LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(current.data()), current.size());
}

}  // namespace

int main(int argc, char** argv) {
  double seconds = 5;
  uint64_t seed = 1;
  for (int i = 2; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--seconds") == 0) seconds = std::atof(argv[i + 1]);
    if (std::strcmp(argv[i], "--seed") == 0) seed = std::strtoull(argv[i + 1], nullptr, 10);
  }
  if (argc < 2 || !std::filesystem::is_directory(argv[1])) {
    std::fprintf(stderr, "usage: %s CORPUS_FOLDER [--seconds N] [--seed N]\n", argv[0]);
    return 2;
  }
#ifndef QUIRE_SANITIZED
  const rlimit memory = {kMostMemory, kMostMemory};
  setrlimit(RLIMIT_AS, &memory);
#endif
  for (const int signal : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL}) ::signal(signal, OnCrash);
  const std::vector<std::string> corpus = ReadCorpus(argv[1]);
  if (corpus.empty()) {
    std::fprintf(stderr, "fuzz: %s holds no file\n", argv[1]);
    return 2;
  }
  for (const std::string& text : corpus) Run(text);
  Mutator mutator(corpus, seed);
  const auto end = Clock::now() + std::chrono::duration<double>(seconds);
  size_t inputs = 0;
  for (; Clock::now() < end; ++inputs) Run(mutator.Next());
  std::printf("%zu files and %zu inputs of seed %llu in %g s, none did harm\n", corpus.size(),
              inputs, static_cast<unsigned long long>(seed), seconds);
  return 0;
}
