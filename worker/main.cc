#include <cstdlib>
#include <filesystem>

#include "proto/checkpoint/find_model.h"
#include "proto/status.h"
#include "worker/engine/open_engine.h"
#include "worker/worker_program.h"

int main(int argc, char** argv) {
  using namespace quire;
  return worker::RunWorkerProgram(
      argc, argv,
      [](const worker::Config& config) -> absl::StatusOr<std::unique_ptr<worker::PageReader>> {
        std::error_code error;
        const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", error);
        const auto variable = [](const char* name) { return std::getenv(name); };
        QUIRE_ASSIGN_OR_RETURN(const FoundModel model,
                               FindModel(config.model, {.program_folder = self.parent_path().string(),
                                                        .caches = ChooseCacheFolders(variable)}));
        return worker::OpenEngine(model.folder, {.device = config.device,
                                                 .dtype = config.dtype,
                                                 .kv_dtype = config.kv_dtype,
                                                 .eight_bit = config.eight_bit,
                                                 .slots = config.slots,
                                                 .threads = config.threads,
                                                 .profile_every = config.profile,
                                                 .faults = {config.device_fault_at_step,
                                                            config.out_of_memory_above_pages}});
      });
}
