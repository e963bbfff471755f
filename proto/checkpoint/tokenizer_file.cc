#include "proto/checkpoint/tokenizer_file.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "absl/strings/str_cat.h"
#include "proto/checkpoint/json_fields.h"
#include "proto/status.h"

namespace quire {
namespace {

constexpr size_t kMostBytes = 32 << 20;
constexpr char kImage[] = "<image>";

}  // namespace

absl::Status CheckTokenizerFile(const std::string& path, int64_t image_token_id,
                                int64_t vocab_size) {
  QUIRE_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(path, kMostBytes));
  return CheckTokenizer(text, path, image_token_id, vocab_size);
}

absl::Status CheckTokenizer(std::string_view text, const std::string& path, int64_t image_token_id,
                            int64_t vocab_size) {
  const absl::StatusOr<nlohmann::json> json = ParseJsonObject(text, kMostBytes);
  const auto wrong = [&](const auto&... parts) {
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", parts...));
  };
  if (!json.ok()) return wrong(json.status().message());
  const auto added = json->find("added_tokens");
  if (added == json->end() || !added->is_array()) return wrong("it has no list \"added_tokens\"");
  std::optional<int64_t> image;
  for (const auto& token : *added) {
    const auto id = token.is_object() ? token.find("id") : token.end();
    const auto content = token.is_object() ? token.find("content") : token.end();
    if (id == token.end() || !id->is_number_unsigned() || content == token.end() ||
        !content->is_string()) {
      return wrong("an added token has no id or no content");
    }
    if (id->get<uint64_t>() >= static_cast<uint64_t>(vocab_size)) {
      return wrong("an added token has the id ", id->get<uint64_t>(), "; expected one below ",
                   vocab_size);
    }
    if (content->get_ref<const std::string&>() == kImage) image = id->get<int64_t>();
  }
  if (!image)
    return wrong("it has no token ", kImage, "; expected one with the id ", image_token_id);
  if (*image != image_token_id) {
    return wrong("the token ", kImage, " has the id ", *image, "; expected ", image_token_id);
  }
  return absl::OkStatus();
}

}  // namespace quire
