#include "client/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quire::client {
namespace {

using ::testing::HasSubstr;

v1::WorkerInfo Worker(v1::WorkerState state) {
  v1::WorkerInfo worker;
  worker.set_id("cpu");
  worker.set_device("cpu");
  worker.set_state(state);
  worker.set_slots(4);
  worker.set_slots_used(1);
  return worker;
}

TEST(FormatServerInfo, TellsModelsWorkersAndLimits) {
  v1::GetServerInfoResponse info;
  info.set_version("0.1.0");
  info.set_uptime_seconds(200);
  v1::ModelInfo& model = *info.add_models();
  model.set_key("nano");
  model.set_context_tokens(8192);
  model.add_modes(v1::MODE_BASE);
  model.add_tasks(v1::TASK_FREE_TEXT);
  model.add_languages("en");
  *info.add_workers() = Worker(v1::WORKER_STATE_READY);
  info.mutable_limits()->set_max_document_bytes(500'000'000);
  EXPECT_EQ(FormatServerInfo("host:1", info),
            "quire-server 0.1.0 at host:1, up for 3 min 20 s\n"
            "models:\n"
            "  nano: context of 8192 tokens\n"
            "    modes:     base\n"
            "    tasks:     free-text\n"
            "    languages: en\n"
            "workers:\n"
            "  cpu: ready, model  on cpu, 1 of 4 slots used, loaded in 0 s, 0 MB, 0 restarts\n"
            "limits: 500 MB and 0 pages a document, 0 megapixels a page, 0 documents at once, 0 "
            "pages waiting, 0 s a page\n");
}

TEST(FormatServerInfo, SaysWhyAWorkerFailed) {
  v1::GetServerInfoResponse info;
  *info.add_workers() = Worker(v1::WORKER_STATE_FAILED);
  info.mutable_workers(0)->set_last_error("weights are missing");
  EXPECT_THAT(FormatServerInfo("host:1", info), HasSubstr("\n    weights are missing\n"));
}

TEST(FormatWatchLine, CountsSlotsOfWorkersThatAreReady) {
  v1::WatchStatusResponse state;
  state.set_ready(true);
  state.set_pages_waiting(14);
  *state.add_workers() = Worker(v1::WORKER_STATE_READY);
  *state.add_workers() = Worker(v1::WORKER_STATE_DOWN);
  EXPECT_EQ(FormatWatchLine(state),
            "ready     documents 0  waiting 14  reading 0  read 0  failed 0  workers 1/2  slots "
            "1/4\n");
}

TEST(FormatWatchLine, SaysThatTheServerIsDraining) {
  v1::WatchStatusResponse state;
  state.set_draining(true);
  EXPECT_THAT(FormatWatchLine(state), ::testing::StartsWith("draining "));
}

}  // namespace
}  // namespace quire::client
