#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "quire/v1/ocr.pb.h"

namespace quire::client {

// What the commands that measure read of each document, and how.
struct PageChoice {
  std::string pages;   // --pages; all when empty
  std::string mode;    // --mode; the model's default when empty
  std::string task;    // --task; markdown when empty
  std::string model;   // --model: registry key
  int max_tokens = 0;  // --max-tokens a page; 0: the model's context
};

// For results as they finish, without layout. InvalidArgument for a word that is not known.
absl::StatusOr<v1::RecognizeOptions> OptionsFor(const PageChoice& choice);

}  // namespace quire::client
