#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "proto/mutex.h"

namespace quire::server {

// Who calls: the name of a token, and how many documents it may have in work at once.
struct Caller {
  std::string name;       // empty where no token is asked for
  int max_documents = 0;  // 0: no limit of its own
};

struct NamedToken {
  Caller caller;
  std::string token;
};

// Reads lines "NAME TOKEN [documents=N]"; a line of one word is a token named after its line, and
// empty lines and those that begin with # say nothing. InvalidArgument names the line, never its
// words.
absl::StatusOr<std::vector<NamedToken>> ParseTokens(std::string_view text);

// Whether a "Bearer TOKEN" is the expected one; takes as long whichever byte differs.
bool TokenMatches(std::string_view authorization, const std::string& token);

// The tokens of a file, read again when the file has changed. Thread-safe.
class TokenFile {
 public:
  // FailedPrecondition when the file cannot be read, InvalidArgument when it holds no tokens; both
  // name the file.
  static absl::StatusOr<std::unique_ptr<TokenFile>> Open(const std::string& path);

  // Whose token it is. Unauthenticated (reason WRONG_TOKEN) when it is nobody's. While a changed file
  // cannot be used, the tokens before count on, and the log says so.
  //   authorization  "Bearer TOKEN"
  absl::StatusOr<Caller> Find(std::string_view authorization);

 private:
  explicit TokenFile(std::string path) : path_(std::move(path)) {}
  absl::Status Read() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool HasChanged() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::string path_;
  Mutex mutex_;
  struct stat facts_ ABSL_GUARDED_BY(mutex_) = {};  // of the file that was read last
  std::vector<NamedToken> tokens_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::server
