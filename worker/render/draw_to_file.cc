#include "worker/render/draw_to_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "worker/render/image_codec.h"
#include "worker/render/open_documents.h"

namespace quire::render {
namespace {

// A descriptor, closed when this goes.
class File {
 public:
  File(const std::string& path, int flags) : fd_(open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~File() {
    if (fd_ >= 0) close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  const int fd_;
};

absl::Status Failed(const std::string& path) { return absl::ErrnoToStatus(errno, path); }

absl::Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Failed(path);
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Draw(const DrawToFile& what, const std::function<absl::Status()>& enter_sandbox) {
  const File in(what.file, O_RDONLY);
  if (in.fd() < 0) return Failed(what.file);
  const File out(what.png, O_WRONLY | O_CREAT | O_TRUNC);
  if (out.fd() < 0) return Failed(what.png);
  struct stat facts {};
  if (fstat(in.fd(), &facts) != 0) return Failed(what.file);
  QUIRE_RETURN_IF_ERROR(enter_sandbox());

  const DocumentLimits limits;
  OpenDocuments documents(facts.st_size, 1);
  QUIRE_ASSIGN_OR_RETURN(
      Document * document,
      documents.Open(1, in.fd(), static_cast<uint64_t>(facts.st_size), "", limits));
  std::vector<uint8_t> pixels(static_cast<size_t>(limits.max_page_pixels) * 3);
  QUIRE_ASSIGN_OR_RETURN(
      const DrawnPage page,
      document->Draw(what.page_index, what.size, {pixels.data(), pixels.size()}));
  QUIRE_ASSIGN_OR_RETURN(const std::string png,
                         EncodePng({pixels.data(), page.width_px, page.height_px}));
  return WriteAll(out.fd(), png, what.png);
}

}  // namespace quire::render
