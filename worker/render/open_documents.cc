#include "worker/render/open_documents.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

#include "proto/rich_status.h"
#include "proto/status.h"
#include "worker/render/image_codec.h"

namespace quire::render {
namespace {

absl::Status CheckFile(int fd, uint64_t bytes) {
  if (bytes == 0) {
    return MakeError(absl::StatusCode::kInvalidArgument, "EMPTY_DOCUMENT",
                     "the document has no bytes: send it between the options and the half-close");
  }
  // Beyond its end a mapped file ends the process that touches it.
  struct stat facts {};
  if (fstat(fd, &facts) != 0 || static_cast<uint64_t>(facts.st_size) < bytes) {
    return absl::InternalError("the document's file is shorter than the front said");
  }
  return absl::OkStatus();
}

}  // namespace

OpenDocuments::Mapping::~Mapping() { munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size()); }

absl::StatusOr<std::unique_ptr<OpenDocuments::Mapping>> OpenDocuments::Map(int fd, uint64_t bytes) {
  void* data = mmap(nullptr, bytes, PROT_READ, MAP_PRIVATE, fd, 0);
  if (data == MAP_FAILED) return OutOfRenderMemory("the document");
  return std::make_unique<Mapping>(static_cast<const uint8_t*>(data), bytes);
}

absl::StatusOr<Document*> OpenDocuments::Open(uint64_t id, int fd, uint64_t bytes,
                                              const std::string& password,
                                              const DocumentLimits& limits) {
  Close(id);
  QUIRE_RETURN_IF_ERROR(CheckFile(fd, bytes));
  MakeRoom(static_cast<int64_t>(bytes));
  QUIRE_ASSIGN_OR_RETURN(std::unique_ptr<Mapping> file, Map(fd, bytes));
  QUIRE_ASSIGN_OR_RETURN(std::unique_ptr<Document> document,
                         OpenDocument(file->bytes(), password, limits));
  entries_.push_front({.id = id, .file = std::move(file), .document = std::move(document)});
  return entries_.front().document.get();
}

Document* OpenDocuments::Find(uint64_t id) {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [id](const Entry& entry) { return entry.id == id; });
  if (found == entries_.end()) return nullptr;
  entries_.splice(entries_.begin(), entries_, found);
  return found->document.get();
}

void OpenDocuments::Close(uint64_t id) {
  entries_.remove_if([id](const Entry& entry) { return entry.id == id; });
}

void OpenDocuments::MakeRoom(int64_t bytes) {
  int64_t total = bytes;
  for (const Entry& entry : entries_) total += static_cast<int64_t>(entry.file->bytes().size());
  while (!entries_.empty() && (total > most_bytes_ || entries_.size() >= most_documents_)) {
    total -= static_cast<int64_t>(entries_.back().file->bytes().size());
    entries_.pop_back();
  }
}

}  // namespace quire::render
