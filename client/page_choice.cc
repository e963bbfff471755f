#include "client/page_choice.h"

#include "client/config.h"
#include "client/request.h"

namespace quire::client {

absl::StatusOr<v1::RecognizeOptions> OptionsFor(const PageChoice& choice) {
  RecogniseConfig config;
  config.pages = choice.pages;
  config.mode = choice.mode;
  config.task = choice.task;
  config.model = choice.model;
  config.max_tokens = choice.max_tokens;
  config.ordered = false;
  return MakeRequestOptions(config);
}

}  // namespace quire::client
