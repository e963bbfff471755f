#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "client/page_format.h"
#include "client/text_sink.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// How one document is written.
struct OutputOptions {
  OutputFormat format = OutputFormat::kMarkdown;
  bool raw = false;            // what the model wrote instead of Markdown or text
  bool stream = false;         // text as it comes; with kMarkdown and kText alone
  bool several = false;        // other documents go to the same place
  std::string document_name;   // any bytes
};

// Turns the answer to one document into text, page by page as it comes. One thread at a time.
class DocumentWriter {
 public:
  virtual ~DocumentWriter() = default;
  // The next message of the answer. The sink's errors.
  virtual absl::Status OnEvent(const v1::RecognizeResponse& event) = 0;
  // Closes what is open; call once.
  //   outcome  why the document ended early; OK when its summary came
  virtual absl::Status OnEnd(const absl::Status& outcome) = 0;
};

// The writer for `options`; `sink` outlives it.
std::unique_ptr<DocumentWriter> MakeDocumentWriter(OutputOptions options, TextSink& sink);

}  // namespace quire::client
