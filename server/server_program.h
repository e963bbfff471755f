#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "proto/mutex.h"
#include "server/config.h"
#include "server/front.h"
#include "server/private_folder.h"
#include "server/status_page.h"
#include "server/supervisor.h"
#include "server/sweeper.h"

namespace quire::server {

// quire-server from its configuration to its end: starts renderers, workers and the front, waits,
// drains, stops. One thread.
class ServerProgram {
 public:
  //   program_folder  that this program lies in, where its children are looked for
  //   sweeper         is told of what is put into the file system; outlives this
  ServerProgram(Config config, std::string program_folder, Sweeper& sweeper);
  ~ServerProgram();

  // Returns the exit code once everything has stopped. StopSignals::Block() was called before.
  int Run();

 private:
  // What happens while it runs.
  struct Events {
    bool ready = false;
    bool hopeless = false;
    bool idle = false;
    int signals = 0;
  };

  absl::Status Start();
  absl::StatusOr<std::vector<LocalWorker>> ChooseWorkers();
  LocalWorkers WaysToWorkers();
  SupervisorEvents OnWorkers();
  absl::Status WriteReadyFile() const;
  int Wait();
  void Drain();
  void Tell(void (*change)(Events&));

  Config config_;
  const std::string program_folder_;
  Sweeper& sweeper_;
  std::unique_ptr<PrivateFolder> folder_;
  StatusPage status_page_;  // before the metrics, whose endpoint serves it
  std::unique_ptr<Metrics> metrics_;
  std::string metrics_address_;
  std::map<std::string, std::string> devices_;  // of local workers, by id
  std::unique_ptr<Front> front_;
  std::unique_ptr<Supervisor> supervisor_;
  Mutex mutex_;
  CondVar changed_;
  Events events_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace quire::server
