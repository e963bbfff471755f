#pragma once

#include <string>
#include <string_view>

#include "client/text_sink.h"

namespace quire::client {

// Keeps what is written.
class StringSink : public TextSink {
 public:
  absl::Status Write(std::string_view text) override {
    written += text;
    return absl::OkStatus();
  }
  absl::StatusOr<std::string> Commit(bool) override { return std::string(); }
  std::string written;
};

}  // namespace quire::client
