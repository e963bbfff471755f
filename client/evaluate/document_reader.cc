#include "client/evaluate/document_reader.h"

#include <stdlib.h>

#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/document_source.h"
#include "client/exit_code.h"
#include "client/page_format.h"
#include "proto/status.h"

namespace quire::client {

absl::StatusOr<PageImages> PageImages::Create() {
  std::error_code error;
  std::string folder = std::filesystem::temp_directory_path(error).string();
  if (error) folder = "/tmp";
  folder += "/quire-pages-XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) return FileError("create a folder like", folder, errno);
  PageImages images;
  images.folder_ = folder;
  return images;
}

PageImages::PageImages(PageImages&& other) noexcept
    : folder_(std::exchange(other.folder_, "")),
      files_(other.files_),
      paths_(std::move(other.paths_)) {}

PageImages::~PageImages() {
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

absl::Status PageImages::Append(const std::string& document_path, int page,
                                const std::string& bytes) {
  std::string& path = paths_[document_path][page];
  if (path.empty()) path = absl::StrCat(folder_, "/", ++files_, ".png");
  errno = 0;
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file << bytes << std::flush;
  if (!file) return FileError("write", path, errno != 0 ? errno : EIO);
  return absl::OkStatus();
}

std::map<int, std::string> PageImages::PagesOf(const std::string& document_path) const {
  const auto found = paths_.find(document_path);
  return found == paths_.end() ? std::map<int, std::string>() : found->second;
}

absl::StatusOr<DocumentReading> ServerReader::Read(const DataDocument& document) {
  return Call(document, nullptr);
}

absl::Status ServerReader::Draw(const DataDocument& document, PageImages& images) {
  return Call(document, &images).status();
}

absl::StatusOr<DocumentReading> ServerReader::Call(const DataDocument& document,
                                                   PageImages* images) {
  if (interrupt_.requested()) return InterruptedError();
  QUIRE_ASSIGN_OR_RETURN(DocumentSource source, DocumentSource::Open(document.path, interrupt_));
  DocumentReading reading;
  RecogniseCall call = {.timeout_seconds = timeout_seconds_,
                        .on_event = [&](const v1::RecognizeResponse& event) -> absl::Status {
                          if (event.has_page_image() && images != nullptr) {
                            return images->Append(document.path, event.page_image().page_number(),
                                                  event.page_image().data());
                          }
                          if (event.has_page_result()) {
                            const v1::PageResult& page = event.page_result();
                            reading.pages[page.page_number()] = page.markdown();
                          }
                          if (event.has_page_failed()) {
                            reading.failures.push_back(absl::StrCat(
                                "page ", event.page_failed().page_number(), " was not read: ",
                                Printable(event.page_failed().status().message())));
                          }
                          return absl::OkStatus();
                        },
                        .on_sent = [](int64_t) {}};
  call.options.set_task(task_);
  call.options.set_ordered(true);
  call.options.set_include_page_image(images != nullptr);
  const auto start = std::chrono::steady_clock::now();
  QUIRE_RETURN_IF_ERROR(client_.Recognise(call, source));
  reading.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return reading;
}

}  // namespace quire::client
