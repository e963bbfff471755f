#include "worker/engine/open_engine.h"
#include "worker/worker_program.h"

int main(int argc, char** argv) {
  return quire::worker::RunWorkerProgram(argc, argv, [](const quire::worker::Config& config) {
    return quire::worker::OpenEngine(config.model_folder, {.device = config.device,
                                                           .dtype = config.dtype,
                                                           .slots = config.slots,
                                                           .threads = config.threads});
  });
}
