#include "worker/front_link.h"

#include <algorithm>

#include "proto/status.h"
#include "worker/attachment.h"

namespace quire::worker {
namespace {

using Clock = std::chrono::steady_clock;

std::shared_ptr<grpc::Channel> Dial(const std::string& address,
                                    const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(4 << 20);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 60'000);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, credentials, arguments);
}

}  // namespace

FrontLink::FrontLink(FrontLinkOptions options, PageReader& reader, SlotShares& shares,
                     FrontLinkEvents events)
    : options_(std::move(options)), reader_(reader), shares_(shares), events_(std::move(events)) {}

FrontLink::~FrontLink() = default;

void FrontLink::Stop() {
  std::shared_ptr<Attachment> attachment;
  {
    MutexLock lock(mutex_);
    stopping_ = true;
    attachment = attachment_;
    changed_.NotifyAll();
  }
  if (attachment != nullptr) attachment->Cancel();
}

absl::Status FrontLink::AttachOnce(bool* drained) {
  QUIRE_ASSIGN_OR_RETURN(const Access access, ReadAccess(options_.access, options_.address));
  auto attachment = std::make_shared<Attachment>(options_, reader_, shares_, events_);
  {
    MutexLock lock(mutex_);
    if (stopping_) return absl::OkStatus();
    attachment_ = attachment;
    attachment->Start(Dial(options_.address, access.credentials), access.authorization);
  }
  absl::Status status = attachment->Wait();
  *drained = attachment->drained();
  MutexLock lock(mutex_);
  attachment_ = nullptr;
  return status;
}

absl::Status FrontLink::Run() {
  double redial_seconds = 0.2;
  while (true) {
    bool drained = false;
    const Clock::time_point dialled = Clock::now();
    absl::Status status = AttachOnce(&drained);
    MutexLock lock(mutex_);
    if (stopping_) return absl::OkStatus();
    if (reader_.stats().broken) {
      return absl::DataLossError("the device failed: only a new process can read again");
    }
    if (drained && !options_.stay_when_front_leaves) return absl::OkStatus();
    if (!options_.stay_when_front_leaves) {
      return status.ok() ? absl::UnavailableError("the front ended the stream") : status;
    }
    // A connection that held for a while starts the back-off again.
    if (Clock::now() - dialled > std::chrono::seconds(3)) redial_seconds = 0.2;
    if (events_.on_detached) events_.on_detached(options_.address, status, redial_seconds);
    const auto redial =
        Clock::now() + std::chrono::milliseconds(static_cast<int64_t>(redial_seconds * 1000));
    while (!stopping_ && changed_.WaitUntil(mutex_, redial)) {
    }
    redial_seconds = std::min(redial_seconds * 2, options_.max_redial_seconds);
  }
}

}  // namespace quire::worker
