#include "client/watched_folder.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "absl/strings/ascii.h"
#include "client/exit_code.h"

namespace quire::client {
namespace {

constexpr std::array<std::string_view, 8> kEndings = {".pdf",  ".png", ".jpg", ".jpeg",
                                                      ".webp", ".bmp", ".tif", ".tiff"};

bool IsDocument(const std::filesystem::path& path) {
  const std::string ending = absl::AsciiStrToLower(path.extension().string());
  return !path.filename().string().starts_with('.') &&
         std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> WatchedFolder::Look() {
  std::error_code error;
  std::filesystem::directory_iterator entries(folder_, error);
  std::map<std::string, State> found;
  std::vector<std::string> ready;
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error)) {
    std::error_code gone;  // a file may go away between two lines
    State state{.size_bytes = entries->file_size(gone), .changed = entries->last_write_time(gone)};
    if (gone || !IsDocument(entries->path()) || !entries->is_regular_file(gone)) continue;
    const std::string path = entries->path().string();
    if (const auto before = files_.find(path); before != files_.end()) {
      const State& known = before->second;
      const bool same = known.size_bytes == state.size_bytes && known.changed == state.changed;
      if (same && !known.given) ready.push_back(path);
      state.given = same;
    }
    found[path] = state;
  }
  if (error) return FileError("read the folder", folder_, error.value());
  files_ = std::move(found);
  std::sort(ready.begin(), ready.end());
  return ready;
}

}  // namespace quire::client
