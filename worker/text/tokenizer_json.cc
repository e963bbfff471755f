#include "worker/text/tokenizer_json.h"

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "worker/text/byte_alphabet.h"

namespace quire::worker {
namespace {

using Json = nlohmann::json;

constexpr size_t kMaxBytes = size_t{64} << 20;
constexpr size_t kMaxPatterns = 16;

// Source: GPT-2 encoder.py; what "ByteLevel" splits by when it is told to.
constexpr char kGpt2Pattern[] =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

template <typename... Parts>
absl::Status Wrong(const Parts&... parts) {
  return absl::InvalidArgumentError(absl::StrCat(parts...));
}

// A member, or null where there is none or `object` is no object.
const Json& Member(const Json& object, const char* key) {
  static const Json null;
  const auto found = object.find(key);
  return found == object.end() ? null : *found;
}

std::string Text(const Json& value) {
  const auto* text = value.get_ptr<const Json::string_t*>();
  return text == nullptr ? std::string() : *text;
}

bool IsTrue(const Json& value) { return value.is_boolean() && value.get<bool>(); }

absl::StatusOr<int> TokenId(const Json& value, const std::string& token) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() >= TokenizerFile::kMaxTokens) {
    return Wrong("the id of token '", token, "' must be a whole number from 0 to ",
                 TokenizerFile::kMaxTokens - 1);
  }
  return value.get<int>();
}

absl::StatusOr<std::string> SplitPattern(const Json& step) {
  if (const std::string behavior = Text(Member(step, "behavior")); behavior != "Isolated") {
    return Wrong("the pre-tokenizer's Split has the behavior '", behavior,
                 "'; only Isolated is known");
  }
  if (IsTrue(Member(step, "invert"))) {
    return Wrong("the pre-tokenizer's Split is inverted, which is not known");
  }
  const std::string pattern = Text(Member(Member(step, "pattern"), "Regex"));
  if (pattern.empty()) return Wrong("the pre-tokenizer's Split has no pattern of kind Regex");
  return pattern;
}

absl::Status ReadStep(const Json& step, std::vector<std::string>& patterns) {
  const std::string type = Text(Member(step, "type"));
  if (type == "Split") {
    QUIRE_ASSIGN_OR_RETURN(patterns.emplace_back(), SplitPattern(step));
    return absl::OkStatus();
  }
  if (type == "Digits") {
    patterns.push_back(IsTrue(Member(step, "individual_digits")) ? R"(\p{N})" : R"(\p{N}+)");
    return absl::OkStatus();
  }
  if (type == "ByteLevel") {
    if (IsTrue(Member(step, "add_prefix_space"))) {
      return Wrong("the pre-tokenizer's ByteLevel adds a prefix space, which is not known");
    }
    if (IsTrue(Member(step, "use_regex"))) patterns.push_back(kGpt2Pattern);
    return absl::OkStatus();
  }
  return Wrong("the pre-tokenizer has a step of type '", type,
               "'; known are Split, Digits and ByteLevel");
}

absl::Status ReadPreTokenizer(const Json& root, std::vector<std::string>& patterns) {
  const Json& pre_tokenizer = Member(root, "pre_tokenizer");
  if (Text(Member(pre_tokenizer, "type")) != "Sequence") return ReadStep(pre_tokenizer, patterns);
  const Json& steps = Member(pre_tokenizer, "pretokenizers");
  if (steps.size() > kMaxPatterns) {
    return Wrong("the pre-tokenizer has ", steps.size(), " steps; at most ", kMaxPatterns,
                 " are read");
  }
  for (const Json& step : steps) QUIRE_RETURN_IF_ERROR(ReadStep(step, patterns));
  return absl::OkStatus();
}

// What would change how text is encoded and is not done here.
absl::Status CheckKnown(const Json& root) {
  const Json& normalizer = Member(root, "normalizer");
  if (!normalizer.is_null() && !(Text(Member(normalizer, "type")) == "Sequence" &&
                                 Member(normalizer, "normalizers").empty())) {
    return Wrong("it has a normalizer; only files without one are known");
  }
  const Json& model = Member(root, "model");
  if (!model.is_object()) return Wrong("it has no \"model\"");
  const Json& type = Member(model, "type");
  if (!type.is_null() && Text(type) != "BPE") {
    return Wrong("its model is of type '", Text(type), "'; only BPE is known");
  }
  for (const char* key : {"dropout", "continuing_subword_prefix", "end_of_word_suffix"}) {
    const Json& value = Member(model, key);
    const bool empty_text = value.is_string() && Text(value).empty();
    if (!value.is_null() && !empty_text) {
      return Wrong("its model sets \"", key, "\", which is not known");
    }
  }
  for (const char* key : {"byte_fallback", "ignore_merges"}) {
    if (IsTrue(Member(model, key)))
      return Wrong("its model sets \"", key, "\", which is not known");
  }
  return absl::OkStatus();
}

absl::Status ReadVocabulary(const Json& vocabulary, TokenizerFile& file) {
  if (!vocabulary.is_object() || vocabulary.empty()) return Wrong("its model has no \"vocab\"");
  std::vector<bool> taken;
  for (const auto& [token, value] : vocabulary.items()) {
    QUIRE_ASSIGN_OR_RETURN(const int id, TokenId(value, token));
    if (static_cast<size_t>(id) >= taken.size()) taken.resize(id + 1);
    if (taken[id])
      return Wrong("the vocabulary gives the id ", id, " twice, also to '", token, "'");
    taken[id] = true;
    file.vocabulary.push_back({BytesOfToken(token).value_or(token), id});
  }
  for (int byte = 0; byte < 256; ++byte) {
    const std::string character(CharacterOfByte(static_cast<uint8_t>(byte)));
    const auto found = vocabulary.find(character);
    if (found == vocabulary.end()) {
      return Wrong("the vocabulary has no token '", character, "' for the byte ", byte,
                   ": it is no byte-level vocabulary");
    }
    file.byte_ids[byte] = found->get<int>();
  }
  return absl::OkStatus();
}

// A merge's parts: ["a", "b"], or "a b" in older files.
std::optional<std::pair<std::string, std::string>> MergeParts(const Json& merge) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string()) {
    return std::pair(Text(merge[0]), Text(merge[1]));
  }
  const std::string text = Text(merge);
  const size_t space = text.find(' ');
  if (space == std::string::npos || space != text.rfind(' ')) return std::nullopt;
  return std::pair(text.substr(0, space), text.substr(space + 1));
}

absl::Status ReadMerges(const Json& model, TokenizerFile& file) {
  const Json& vocabulary = Member(model, "vocab");
  const Json& merges = Member(model, "merges");
  if (!merges.is_array()) return Wrong("its model has no \"merges\"");
  file.merges.reserve(merges.size());
  for (const Json& merge : merges) {
    const auto parts = MergeParts(merge);
    if (!parts.has_value()) {
      return Wrong("merge ", file.merges.size(), " is neither two tokens nor \"a b\"");
    }
    const auto left = vocabulary.find(parts->first);
    const auto right = vocabulary.find(parts->second);
    const auto result = vocabulary.find(parts->first + parts->second);
    if (left == vocabulary.end() || right == vocabulary.end() || result == vocabulary.end()) {
      return Wrong("merge ", file.merges.size(), " ('", parts->first, "' '", parts->second,
                   "') has a part or a result that is not in the vocabulary");
    }
    file.merges.push_back({left->get<int>(), right->get<int>(), result->get<int>()});
  }
  return absl::OkStatus();
}

absl::Status ReadAdded(const Json& root, TokenizerFile& file) {
  const Json& added = Member(root, "added_tokens");
  if (added.is_null()) return absl::OkStatus();
  std::map<int, std::string> vocabulary;
  for (const TokenizerFile::Token& token : file.vocabulary) vocabulary[token.id] = token.bytes;
  for (const Json& token : added) {
    const std::string content = Text(Member(token, "content"));
    if (content.empty()) return Wrong("an added token has no \"content\"");
    QUIRE_ASSIGN_OR_RETURN(const int id, TokenId(Member(token, "id"), content));
    for (const char* key : {"single_word", "lstrip", "rstrip"}) {
      if (IsTrue(Member(token, key))) {
        return Wrong("the added token '", content, "' sets \"", key, "\", which is not known");
      }
    }
    const auto other = vocabulary.find(id);
    if (other != vocabulary.end() && other->second != content) {
      return Wrong("the added token '", content, "' has the id ", id, " of '", other->second, "'");
    }
    file.added.push_back({content, id});
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<TokenizerFile> ReadTokenizerJson(std::string_view json) {
  if (json.size() > kMaxBytes) {
    return Wrong("it has ", json.size(), " bytes; at most ", kMaxBytes, " are read");
  }
  const Json root = Json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!root.is_object()) return Wrong("it is no JSON object, or a damaged one");
  TokenizerFile file;
  QUIRE_RETURN_IF_ERROR(CheckKnown(root));
  QUIRE_RETURN_IF_ERROR(ReadPreTokenizer(root, file.patterns));
  QUIRE_RETURN_IF_ERROR(ReadVocabulary(Member(Member(root, "model"), "vocab"), file));
  QUIRE_RETURN_IF_ERROR(ReadMerges(Member(root, "model"), file));
  QUIRE_RETURN_IF_ERROR(ReadAdded(root, file));
  return file;
}

}  // namespace quire::worker
