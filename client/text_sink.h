#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace quire::client {

// Where a document's output goes. One thread at a time.
class TextSink {
 public:
  virtual ~TextSink() = default;
  // Every byte is handed to the system before it returns. PipeClosedError or FileError.
  virtual absl::Status Write(std::string_view text) = 0;
  // Ends the output.
  //   returns  the path of the file that now holds it; empty when there is none
  virtual absl::StatusOr<std::string> Commit(bool complete) = 0;
};

// Standard output.
std::unique_ptr<TextSink> MakeStdoutSink();

// A file in `folder`, written under a temporary name. Commit renames it to `stem` + `ending`, or,
// when it is not complete, to `stem` + ".partial" + `ending`. Without Commit nothing is left.
// FileError when the file cannot be made.
absl::StatusOr<std::unique_ptr<TextSink>> MakeFileSink(const std::string& folder,
                                                       const std::string& stem,
                                                       std::string_view ending);

}  // namespace quire::client
