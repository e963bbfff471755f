#include "client/join/joined_writer.h"

#include <utility>

#include "client/join/document_joiner.h"

namespace quire::client {
namespace {

class JoinedWriter : public DocumentWriter {
 public:
  JoinedWriter(OutputOptions options, TextSink& sink)
      : options_(std::move(options)), sink_(sink) {}

  absl::Status OnEvent(const v1::RecognizeResponse& event) override {
    if (event.has_accepted() && options_.several) {
      return sink_.Write(DocumentHeading(options_.document_name, options_.format) + "\n");
    }
    if (event.has_page_result()) return WriteSettled(joiner_.Add(event.page_result()));
    if (event.has_page_failed()) {
      return WriteSettled(joiner_.AddFailed(event.page_failed().page_number(),
                                            event.page_failed().status().message()));
    }
    return absl::OkStatus();
  }

  absl::Status OnEnd(const absl::Status&) override { return WriteSettled(joiner_.Finish()); }

 private:
  absl::Status WriteSettled(const std::string& text) {
    return text.empty() ? absl::OkStatus() : sink_.Write(text);
  }

  const OutputOptions options_;
  TextSink& sink_;
  DocumentJoiner joiner_;
};

}  // namespace

std::unique_ptr<DocumentWriter> MakeJoinedWriter(OutputOptions options, TextSink& sink) {
  return std::make_unique<JoinedWriter>(std::move(options), sink);
}

}  // namespace quire::client
