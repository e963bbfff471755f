#include "client/exit_code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "proto/grpc_status.h"
#include "proto/rich_status.h"

namespace quire::client {
namespace {

using ::testing::HasSubstr;

TEST(ExitCode, IsZeroForSuccess) { EXPECT_EQ(ExitCodeFor(absl::OkStatus()), 0); }

TEST(ExitCode, SaysThatTheServerRefusedTheDocument) {
  EXPECT_EQ(ExitCodeFor(absl::InvalidArgumentError("")), 4);
  EXPECT_EQ(ExitCodeFor(absl::FailedPreconditionError("")), 4);
}

TEST(ExitCode, TellsNoServerFromABusyOne) {
  EXPECT_EQ(ExitCodeFor(absl::UnavailableError("")), 6);
  EXPECT_EQ(ExitCodeFor(absl::ResourceExhaustedError("")), 7);
}

TEST(ExitCode, IsOneForWhatIsNobodysMistake) {
  EXPECT_EQ(ExitCodeFor(absl::InternalError("")), 1);
  EXPECT_EQ(ExitCodeFor(absl::DeadlineExceededError("")), 1);
  EXPECT_EQ(ExitCodeFor(absl::CancelledError("by the server")), 1);
}

TEST(ExitCode, FollowsTheMarkOfWhatHappenedHere) {
  EXPECT_EQ(ExitCodeFor(FileError("read", "a.pdf", ENOENT)), 3);
  EXPECT_EQ(ExitCodeFor(InterruptedError()), 130);
  EXPECT_EQ(ExitCodeFor(PipeClosedError()), 141);
}

TEST(ExitCode, CannotBeMarkedByAServer) {
  const absl::Status sent = FromGrpc(ToGrpc(FileError("read", "a.pdf", ENOENT)));
  EXPECT_EQ(ExitCodeFor(sent), 1);
}

TEST(ExitCode, OfSeveralDocumentsIsTheFirstOfTheListedOrder) {
  EXPECT_EQ(Worse(kExitOk, kExitPagesFailed), kExitPagesFailed);
  EXPECT_EQ(Worse(kExitPagesFailed, kExitRefused), kExitRefused);
  EXPECT_EQ(Worse(kExitRefused, kExitFile), kExitFile);
  EXPECT_EQ(Worse(kExitFile, kExitBusy), kExitBusy);
  EXPECT_EQ(Worse(kExitNoServer, kExitBusy), kExitNoServer);
  EXPECT_EQ(Worse(kExitInternal, kExitNoServer), kExitInternal);
  EXPECT_EQ(Worse(kExitCancelled, kExitInternal), kExitCancelled);
}

TEST(FileError, NamesTheFileAndWhatIsWrong) {
  EXPECT_THAT(std::string(FileError("read", "a\xFF.pdf", ENOENT).message()),
              HasSubstr("cannot read a\xEF\xBF\xBD.pdf: No such file"));
}

}  // namespace
}  // namespace quire::client
