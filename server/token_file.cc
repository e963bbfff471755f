#include "server/token_file.h"

#include <spdlog/spdlog.h>

#include <fstream>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/rich_status.h"
#include "proto/status.h"

namespace quire::server {
namespace {

absl::Status Wrong(int line, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("line ", line, " ", std::string(what)));
}

// One line that is neither empty nor a remark.
absl::StatusOr<NamedToken> ParseLine(const std::vector<std::string>& words, int line) {
  NamedToken token;
  if (words.size() == 1) {
    token.caller.name = absl::StrCat("line-", line);
    token.token = words[0];
    return token;
  }
  token.caller.name = words[0];
  token.token = words[1];
  if (words.size() > 3) return Wrong(line, "has more than NAME TOKEN documents=N");
  if (words.size() == 2) return token;
  const std::string prefix = "documents=";
  const bool is_limit = words[2].starts_with(prefix) &&
                        absl::SimpleAtoi(words[2].substr(prefix.size()), &token.caller.max_documents);
  if (!is_limit || token.caller.max_documents < 1) {
    return Wrong(line, "has a third word that is not documents=N, N from 1 on");
  }
  return token;
}

}  // namespace

absl::StatusOr<std::vector<NamedToken>> ParseTokens(std::string_view text) {
  std::vector<NamedToken> tokens;
  std::set<std::string> names;
  const std::vector<std::string> lines = absl::StrSplit(std::string(text), '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::vector<std::string> words =
        absl::StrSplit(lines[i], absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    if (words.empty() || words[0][0] == '#') continue;
    const int line = static_cast<int>(i) + 1;
    QUIRE_ASSIGN_OR_RETURN(NamedToken token, ParseLine(words, line));
    if (!names.insert(token.caller.name).second) return Wrong(line, "has a name for the second time");
    tokens.push_back(std::move(token));
  }
  if (tokens.empty()) return absl::InvalidArgumentError("holds no token");
  return tokens;
}

bool TokenMatches(std::string_view authorization, const std::string& token) {
  const std::string expected = absl::StrCat("Bearer ", token);
  unsigned char difference = authorization.size() == expected.size() ? 0 : 1;
  for (size_t i = 0; i < expected.size(); ++i) {
    const char given = i < authorization.size() ? authorization[i] : '\0';
    difference = static_cast<unsigned char>(difference | (given ^ expected[i]));
  }
  return difference == 0;
}

absl::StatusOr<std::unique_ptr<TokenFile>> TokenFile::Open(const std::string& path) {
  std::unique_ptr<TokenFile> file(new TokenFile(path));
  MutexLock lock(file->mutex_);
  file->HasChanged();
  QUIRE_RETURN_IF_ERROR(file->Read());
  return file;
}

// Whether it is another file than at the last call, or has other contents by its times and size.
bool TokenFile::HasChanged() {
  struct stat facts {};
  if (stat(path_.c_str(), &facts) != 0) return false;  // for a moment, while it is replaced
  const auto identity = [](const struct stat& of) {
    return std::tuple(of.st_dev, of.st_ino, of.st_size, of.st_mtim.tv_sec, of.st_mtim.tv_nsec,
                      of.st_ctim.tv_sec, of.st_ctim.tv_nsec);
  };
  return identity(std::exchange(facts_, facts)) != identity(facts);
}

absl::Status TokenFile::Read() {
  std::ifstream file(path_);
  if (!file.good()) {
    return absl::FailedPreconditionError(absl::StrCat("no token could be read from ", path_));
  }
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  auto tokens = ParseTokens(text);
  if (!tokens.ok()) {
    return absl::InvalidArgumentError(
        absl::StrCat("the token file ", path_, " ", std::string(tokens.status().message())));
  }
  tokens_ = *std::move(tokens);
  return absl::OkStatus();
}

absl::StatusOr<Caller> TokenFile::Find(std::string_view authorization) {
  MutexLock lock(mutex_);
  if (HasChanged()) {
    const absl::Status read = Read();
    if (read.ok()) {
      spdlog::info("{} tokens were read again from {}", tokens_.size(), path_);
    } else {
      spdlog::error("{}; the tokens before count on", std::string(read.message()));
    }
  }
  const Caller* found = nullptr;
  for (const NamedToken& token : tokens_) {  // all of them, so that time tells nothing
    if (TokenMatches(authorization, token.token)) found = &token.caller;
  }
  if (found != nullptr) return *found;
  return MakeError(absl::StatusCode::kUnauthenticated, "WRONG_TOKEN",
                   "the token is missing or wrong: send 'authorization: Bearer TOKEN' with a token "
                   "that this server knows (--token-file of quire and of quire-worker)");
}

}  // namespace quire::server
