#include "server/private_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "absl/strings/str_cat.h"

namespace quire::server {
namespace {

constexpr size_t kLongestParent = 60;  // a socket's whole path has at most 107 bytes

}  // namespace

absl::StatusOr<PrivateFolder> PrivateFolder::Create() {
  const char* given = std::getenv("TMPDIR");
  std::string parent = given == nullptr ? "" : given;
  if (parent.empty() || parent.size() > kLongestParent) parent = "/tmp";
  std::string path = absl::StrCat(parent, "/quire-XXXXXX");
  if (mkdtemp(path.data()) == nullptr) {  // mode 0700
    return absl::InternalError(
        absl::StrCat("no temporary folder could be made in ", parent, ": ", std::strerror(errno),
                     "; set TMPDIR to a folder that can be written"));
  }
  return PrivateFolder(std::move(path));
}

PrivateFolder::~PrivateFolder() {
  std::error_code ignored;
  if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

}  // namespace quire::server
