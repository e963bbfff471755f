#include "worker/text/tokenizer.h"

#include <fstream>
#include <iterator>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "worker/text/added_tokens.h"
#include "worker/text/bpe.h"
#include "worker/text/pretokenizer.h"
#include "worker/text/tokenizer_json.h"
#include "worker/text/utf8_stream.h"

namespace quire::worker {
namespace {

std::string ValidUtf8(std::string_view text) {
  Utf8Stream stream;
  std::string valid = stream.Append(text);
  return valid + stream.Finish();
}

}  // namespace

struct Tokenizer::Impl {
  PreTokenizer pre_tokenizer;
  Bpe bpe;
  AddedTokens added;
  std::vector<std::string> bytes;            // by id; empty where there is no such token
  std::unordered_map<std::string, int> ids;  // by bytes

  void Remember(TokenizerFile::Token token) {
    if (static_cast<size_t>(token.id) >= bytes.size()) bytes.resize(token.id + 1);
    bytes[token.id] = token.bytes;
    ids.insert_or_assign(std::move(token.bytes), token.id);
  }

  // Appends the tokens of valid UTF-8 without added tokens.
  void EncodePlain(std::string_view text, std::vector<int>& out) const {
    for (std::string_view piece : pre_tokenizer.Split(text)) bpe.Encode(piece, out);
  }
};

Tokenizer::Tokenizer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Tokenizer::~Tokenizer() = default;

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be opened"));
  const std::string json((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (file.bad()) return absl::InvalidArgumentError(absl::StrCat(path, ": cannot be read"));
  return Parse(json, path);
}

absl::StatusOr<std::unique_ptr<Tokenizer>> Tokenizer::Parse(std::string_view json,
                                                            const std::string& name) {
  const auto in_file = [&](const absl::Status& status) {
    return absl::Status(status.code(), absl::StrCat(name, ": ", status.message()));
  };
  absl::StatusOr<TokenizerFile> file = ReadTokenizerJson(json);
  if (!file.ok()) return in_file(file.status());
  absl::StatusOr<PreTokenizer> pre_tokenizer = PreTokenizer::Create(file->patterns);
  if (!pre_tokenizer.ok()) return in_file(pre_tokenizer.status());

  auto impl = std::make_unique<Impl>(Impl{*std::move(pre_tokenizer), Bpe(file->byte_ids)});
  for (const auto& [left, right, result] : file->merges) impl->bpe.AddMerge(left, right, result);
  for (TokenizerFile::Token& token : file->vocabulary) impl->Remember(std::move(token));
  for (TokenizerFile::Token& token : file->added) {
    impl->added.Add(token.bytes, token.id);
    impl->Remember(std::move(token));
  }
  return std::unique_ptr<Tokenizer>(new Tokenizer(std::move(impl)));
}

std::vector<int> Tokenizer::Encode(std::string_view text) const {
  const std::string valid = ValidUtf8(text);
  const std::string_view view = valid;
  std::vector<int> ids;
  size_t gap = 0;  // start of what no added token has taken yet
  size_t at = 0;
  while (at < view.size()) {
    const auto match = impl_->added.LongestPrefix(view.substr(at));
    if (!match.has_value()) {
      ++at;
      continue;
    }
    impl_->EncodePlain(view.substr(gap, at - gap), ids);
    ids.push_back(match->id);
    gap = at += match->length;
  }
  impl_->EncodePlain(view.substr(gap), ids);
  return ids;
}

std::vector<int> Tokenizer::EncodePlain(std::string_view text) const {
  std::vector<int> ids;
  impl_->EncodePlain(ValidUtf8(text), ids);
  return ids;
}

std::string_view Tokenizer::Bytes(int id) const {
  if (id < 0 || id >= size()) return {};
  return impl_->bytes[id];
}

std::string Tokenizer::Decode(std::span<const int> ids) const {
  std::string bytes;
  for (int id : ids) bytes.append(Bytes(id));
  return bytes;
}

std::optional<int> Tokenizer::Find(std::string_view token) const {
  const auto found = impl_->ids.find(std::string(token));
  if (found == impl_->ids.end()) return std::nullopt;
  return found->second;
}

int Tokenizer::size() const { return static_cast<int>(impl_->bytes.size()); }

}  // namespace quire::worker
