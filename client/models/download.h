#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "client/interrupt.h"
#include "client/models/hub.h"
#include "client/models/pull_progress.h"

namespace quire::client {

// The one file of a pull. What has come stands in FOLDER/NAME.DIGEST.part, so that it is neither
// taken for the file nor continued with another one's bytes; only a file of the right size and
// digest gets its name, once it is on the disk. One thread.
class Download {
 public:
  struct Rules {
    int retries = 5;  // in a row without a byte
  };
  // `hub`, `progress` and `interrupt` outlive it.
  Download(RemoteFile file, std::string folder, const Hub& hub, PullProgress& progress,
           const Interrupt& interrupt, Rules rules);
  ~Download();
  Download(const Download&) = delete;
  Download& operator=(const Download&) = delete;

  // Fetches what is missing. The hub's errors, FileError, InterruptedError; DataLoss names the
  // file, and what was found and expected, when its bytes stay wrong after they were fetched anew.
  absl::Status Run();

 private:
  absl::Status OpenPart();
  absl::Status HashPart();
  absl::Status StartAnew();
  absl::Status FetchRest();
  absl::Status OnStart(const HttpReply& reply);
  absl::Status OnBody(std::string_view bytes);
  // Waits before another try; the error when there is none.
  absl::Status WaitAfter(const absl::Status& fault, bool gained);
  absl::Status Finish();
  absl::Status Wrong(const std::string& what) const;
  std::string PartPath() const;

  const RemoteFile file_;
  const std::string folder_;
  const Hub& hub_;
  PullProgress& progress_;
  const Interrupt& interrupt_;
  const Rules rules_;
  int fd_ = -1;
  uint64_t have_ = 0;             // bytes in the part
  std::optional<Digest> digest_;  // of them
  int tries_ = 0;
};

// Brings a folder's entries to the disk. FileError.
absl::Status SyncFolder(const std::string& folder);

}  // namespace quire::client
