#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace quire {

// Whether tokenizer.json has what a page's prompt needs: JSON, ids below the vocabulary's size, and
// "<image>" under the id that the config names. InvalidArgument names the file, what was found and
// what was expected.
absl::Status CheckTokenizerFile(const std::string& path, int64_t image_token_id,
                                int64_t vocab_size);
// The same of the file's text; `path` stands in errors.
absl::Status CheckTokenizer(std::string_view text, const std::string& path, int64_t image_token_id,
                            int64_t vocab_size);

}  // namespace quire
