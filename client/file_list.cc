#include "client/file_list.h"

#include <filesystem>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace quire::client {
namespace {

std::string StemOf(const std::string& path) {
  if (path == "-") return "stdin";
  const std::string stem = std::filesystem::path(path).stem().string();
  return stem.empty() || stem == "." || stem == ".." ? "document" : stem;
}

}  // namespace

std::vector<InputFile> ListInputs(const std::vector<std::string>& paths) {
  // First names that nobody has to share, so that "a-2" of its own right is not taken away.
  std::multiset<std::string> stems;
  for (const std::string& path : paths) stems.insert(absl::AsciiStrToLower(StemOf(path)));
  std::set<std::string> taken(stems.begin(), stems.end());
  std::set<std::string> given;
  std::vector<InputFile> inputs;
  for (const std::string& path : paths) {
    InputFile input{.path = path,
                    .name = path == "-" ? "standard input" : path,
                    .output_stem = StemOf(path)};
    if (!given.insert(absl::AsciiStrToLower(input.output_stem)).second) {
      const std::string stem = input.output_stem;
      for (int number = 2; ; ++number) {
        input.output_stem = absl::StrCat(stem, "-", number);
        if (taken.insert(absl::AsciiStrToLower(input.output_stem)).second) break;
      }
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

}  // namespace quire::client
